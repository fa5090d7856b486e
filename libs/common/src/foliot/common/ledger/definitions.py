"""Writes of definitions: the job, its version, its audit row and the wake-up, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

import asyncpg
import msgspec
import orjson

from foliot.common.ledger.audit_logs import AuditEntry
from foliot.common.ledger.job import Job
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements
from foliot.common.ledger.wakeup import CHANNEL
from foliot.common.model.scope import Scope

Locked = tuple[Job, datetime]
"""A locked job, and the database's clock after the lock."""
SQL = Statements("foliot.common.ledger", "definitions.sql")


class Creation(TypedDict):
    """A new job as one JSON document; times are RFC 3339 text."""

    job_id: int
    user_id: int
    team_id: int | None
    definition: orjson.Fragment
    """DEFINITION_FIELDS as a JSON object, in the form of answers and audit rows."""
    spread_key: str
    next_run_time: str | None
    once: bool
    """True if it fires once: its run then carries the request_id and traceparent of this request."""
    created_at: str
    request_id: str
    traceparent: str | None
    ip_address: str | None
    user_agent: str
    key_id: int
    set: str | None


class Change(msgspec.Struct, frozen=True):
    """A change of a locked job. `version`: its definition from the instant on that decided its ticks."""

    job: Job
    version: dict[str, Any]
    entry: AuditEntry


class Definitions:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def reserve_job_ids(self, count: int) -> tuple[datetime, list[int]]:
        """The database's clock and `count` new job_ids."""
        (row,) = await self._session.fetch(SQL.reserve_job_ids, count)
        return row["now"], row["job_ids"]

    async def insert_created(self, creations: Sequence[Creation]) -> None:
        """Create all jobs or none, even outside a transaction. The commit wakes the scheduler."""
        await self._session.fetch(SQL.insert_created, creations, CHANNEL)

    async def lock_visible(self, job_ids: Sequence[int], scope: Scope) -> list[Locked]:
        """The stored rows of those that the caller may see, locked until the transaction ends."""
        arguments = (scope.everything, scope.team_id, scope.user_id)
        return [_locked(row) for row in await self._session.fetch(SQL.lock_visible, list(job_ids), *arguments)]

    async def store_changed(self, changes: Sequence[Change], now: datetime) -> None:
        """Write all columns of the locked jobs. All changes are of one caller. `now` decided their ticks."""
        rows = [
            {
                "job": {name: getattr(one.job, name) for name in Job.__struct_fields__}, "definition": one.version,
                "action": one.entry.action, "old_value": one.entry.old_value, "new_value": one.entry.new_value,
            }
            for one in changes
        ]  # fmt: skip
        who = changes[0].entry
        await self._session.fetch(
            SQL.store_changed, [one.job.job_id for one in changes], rows, now, CHANNEL, who.user_id, who.ip_address,
            who.user_agent, who.request_id, who.key_id,
        )  # fmt: skip


def _locked(row: asyncpg.Record) -> Locked:
    columns = dict(row)
    now = columns.pop("now")
    return Job(**columns), now
