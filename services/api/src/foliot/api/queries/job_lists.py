"""Lists of jobs: keyset pages, newest first or sorted, of everybody or of one owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec

from foliot.common.ledger.jobs import Scope, job_from
from foliot.common.ledger.postgres import Session, Statements
from foliot.common.model.records import Job

SQL = Statements("foliot.api.queries", "job_lists.sql")
FIRST_TIME, LAST_TIME = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
Place = tuple[datetime, int]
"""Where a list newest first stands: (created_at, job_id)."""
SortedPlace = tuple[str, int]
"""Where a sorted list stands: (sort_key, job_id)."""


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs a list shows; what is None does not narrow."""

    status: str | None = None
    job_type: str | None = None
    name_part: str | None = None
    priority: int | None = None
    created_after: datetime = FIRST_TIME
    created_before: datetime = LAST_TIME
    labels: dict[str, str] = msgspec.field(default_factory=dict)

    def arguments(self) -> tuple[Any, ...]:
        narrowing = (self.status, self.job_type, self.name_part, self.priority)
        return (*narrowing, self.created_after, self.created_before, self.labels)


class JobLists:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def list_jobs(self, wanted: JobFilter, limit: int, before: Place) -> list[Job]:
        return _jobs(await self._session.fetch(SQL.list_jobs, *wanted.arguments(), limit, *before))

    async def list_owned_jobs(self, owner: int, wanted: JobFilter, limit: int, before: Place) -> list[Job]:
        return _jobs(await self._session.fetch(SQL.list_owned_jobs, *wanted.arguments(), limit, *before, owner))

    async def select_walk_end(self, created_after: datetime, before: Place) -> Place | None:
        """None if a page of list_jobs looks at everything that is left."""
        return _place(await self._session.fetchrow(SQL.select_walk_end, *before, created_after))

    async def select_owned_walk_end(self, owner: int, created_after: datetime, before: Place) -> Place | None:
        return _place(await self._session.fetchrow(SQL.select_owned_walk_end, *before, created_after, owner))

    async def list_open_jobs(self, scope: Scope, wanted: JobFilter, limit: int, before: Place) -> list[Job]:
        arguments = (*wanted.arguments(), limit, *before, scope.owner)
        return _jobs(await self._session.fetch(SQL.list_open_jobs, *arguments))

    async def list_sorted_jobs(
        self, wanted: JobFilter, limit: int, sort: str, after: SortedPlace
    ) -> list[tuple[str, Job]]:
        """(sort_key, job)."""
        rows = await self._session.fetch(SQL.list_sorted_jobs, *wanted.arguments(), limit, sort, *after)
        return [(row["sort_key"], job_from(row)) for row in rows]

    async def list_owned_sorted_jobs(
        self, owner: int, wanted: JobFilter, limit: int, sort: str, after: SortedPlace
    ) -> list[tuple[str, Job]]:
        arguments = (*wanted.arguments(), limit, sort, after[0], owner, after[1])
        rows = await self._session.fetch(SQL.list_owned_sorted_jobs, *arguments)
        return [(row["sort_key"], job_from(row)) for row in rows]


def _jobs(rows: Sequence[asyncpg.Record]) -> list[Job]:
    return [job_from(row) for row in rows]


def _place(row: asyncpg.Record | None) -> Place | None:
    return (row["created_at"], row["job_id"]) if row else None
