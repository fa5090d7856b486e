"""Jobs for people: one by its id, and keyset pages, newest first or sorted, of everybody or of one owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from foliot.api.queries.bounds import FIRST_TIME, LAST_TIME
from foliot.common.ledger.job import Job
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements
from foliot.common.model.scope import Scope

SQL = Statements("foliot.api.queries", "jobs.sql")
Place = tuple[datetime, int]
"""A place in a list that is newest first: (created_at, job_id)."""
SortedPlace = tuple[str, int]
"""A place in a sorted list: (sort_key, job_id)."""


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """A pause that lasts: who made it, why and until when. `pause_id` tells it from other pauses of the same job."""

    pause_id: int
    user_id: int
    key_id: int | None
    key_name: str | None
    paused_at: datetime
    reason: str | None
    until: datetime | None


class SeenJob(Job, frozen=True, kw_only=True):
    """A job as people see it: `status` is derived from the open executions. `payload` is None in a list; whoever wants
    it asks for it. `last_status`: the outcome of its last run that ended."""

    paused: Pause | None
    last_status: str | None


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs that a list shows; None does not narrow."""

    status: str | None = None
    job_type: str | None = None
    name_part: str | None = None
    priority: int | None = None
    created_after: datetime = FIRST_TIME
    created_before: datetime = LAST_TIME
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    job_key: str | None = None
    pool: str | None = None
    last_status: Sequence[str] | None = None
    set: str | None = None

    def arguments(self) -> tuple[Any, ...]:
        narrowing = (self.status, self.job_type, self.name_part, self.priority)
        created = (self.created_after, self.created_before)
        return (*narrowing, *created, self.labels, self.job_key, self.pool, self.last_status, self.set)


class Jobs:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def select_job(self, job_id: int, scope: Scope) -> SeenJob | None:
        """One job that the caller may see, with its status derived."""
        rows = await self._session.fetch(SQL.select_job, job_id, scope.everything, scope.team_id, scope.user_id)
        return _job(rows[0]) if rows else None

    async def select_last_statuses(self, job_ids: Sequence[int]) -> dict[int, str | None]:
        """job_id -> the outcome of its last run that ended."""
        rows = await self._session.fetch(SQL.select_last_statuses, list(job_ids))
        return {row["job_id"]: row["last_status"] for row in rows}

    async def select_payloads(self, job_ids: Sequence[int]) -> dict[int, tuple[Any, int]]:
        """job_id -> its payload, and the size of that in bytes of text."""
        rows = await self._session.fetch(SQL.select_payloads, list(job_ids))
        return {row["job_id"]: (row["payload"], row["size"]) for row in rows}

    async def select_sizes(self, job_ids: Sequence[int], scope: Scope) -> dict[int, int]:
        """job_id -> bytes of its payload as text, of those that the caller may see."""
        arguments = (scope.everything, scope.team_id, scope.user_id)
        rows = await self._session.fetch(SQL.select_sizes, list(job_ids), *arguments)
        return {row["job_id"]: row["size"] for row in rows}

    async def list_jobs(self, wanted: JobFilter, limit: int, before: Place) -> list[SeenJob]:
        return _jobs(await self._session.fetch(SQL.list_jobs, *wanted.arguments(), limit, *before))

    async def list_owned_jobs(self, owner: int, wanted: JobFilter, limit: int, before: Place) -> list[SeenJob]:
        return _jobs(await self._session.fetch(SQL.list_owned_jobs, *wanted.arguments(), limit, *before, owner))

    async def select_walk_end(self, created_after: datetime, before: Place) -> Place | None:
        """None if a page of list_jobs looks at everything that is left."""
        return _place(await self._session.fetch(SQL.select_walk_end, *before, created_after))

    async def select_owned_walk_end(self, owner: int, created_after: datetime, before: Place) -> Place | None:
        return _place(await self._session.fetch(SQL.select_owned_walk_end, *before, created_after, owner))

    async def list_open_jobs(self, scope: Scope, wanted: JobFilter, limit: int, before: Place) -> list[SeenJob]:
        arguments = (*wanted.arguments(), limit, *before, scope.owner)
        return _jobs(await self._session.fetch(SQL.list_open_jobs, *arguments))

    async def list_keyed_jobs(self, scope: Scope, wanted: JobFilter, limit: int, before: Place) -> list[SeenJob]:
        """Those with the job_key of the filter: at most one of each owner."""
        arguments = (*wanted.arguments(), limit, *before, scope.owner)
        return _jobs(await self._session.fetch(SQL.list_keyed_jobs, *arguments))

    async def list_jobs_of_set(self, scope: Scope, wanted: JobFilter, limit: int, before: Place) -> list[SeenJob]:
        """Those of the set of the filter."""
        arguments = (*wanted.arguments(), limit, *before, scope.owner)
        return _jobs(await self._session.fetch(SQL.list_jobs_of_set, *arguments))

    async def list_sorted_jobs(
        self, wanted: JobFilter, limit: int, sort: str, after: SortedPlace
    ) -> list[tuple[str, SeenJob]]:
        """(sort_key, job)."""
        rows = await self._session.fetch(SQL.list_sorted_jobs, *wanted.arguments(), limit, sort, *after)
        return [(row["sort_key"], _job(row)) for row in rows]

    async def list_owned_sorted_jobs(
        self, owner: int, wanted: JobFilter, limit: int, sort: str, after: SortedPlace
    ) -> list[tuple[str, SeenJob]]:
        arguments = (*wanted.arguments(), limit, sort, *after, owner)
        rows = await self._session.fetch(SQL.list_owned_sorted_jobs, *arguments)
        return [(row["sort_key"], _job(row)) for row in rows]


def _job(record: asyncpg.Record) -> SeenJob:
    """Read by column name. The derived status takes the place of the stored one."""
    values = dict(record)
    values["status"] = values.pop("derived_status")
    values.pop("sort_key", None)
    if values["paused"] is not None:
        values["paused"] = msgspec.convert(values["paused"], Pause)
    return SeenJob(**values)


def _jobs(rows: Sequence[asyncpg.Record]) -> list[SeenJob]:
    return [_job(row) for row in rows]


def _place(rows: Sequence[asyncpg.Record]) -> Place | None:
    return (rows[0]["created_at"], rows[0]["job_id"]) if rows else None
