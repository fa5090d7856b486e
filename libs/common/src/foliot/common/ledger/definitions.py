"""Writes of definitions: the job, its version, its audit row and the wake-up, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

import orjson

from foliot.common.ledger.audit_logs import AuditEntry
from foliot.common.ledger.job import Job
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements
from foliot.common.ledger.wakeup import CHANNEL
from foliot.common.model.scope import Scope

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

    async def lock_job(self, job_id: int, scope: Scope) -> tuple[Job, datetime] | None:
        """The stored row, locked until the transaction ends, and the database's clock after the lock."""
        rows = await self._session.fetch(SQL.lock_job, job_id, scope.everything, scope.team_id, scope.user_id)
        if not rows:
            return None
        columns = dict(rows[0])
        now = columns.pop("now")
        return Job(**columns), now

    async def store_changed(self, job: Job, version: dict[str, Any], now: datetime, entry: AuditEntry) -> None:
        """Write all columns of `job` to the locked job. `version`: its definition from `now` on, the instant that
        decided its ticks."""
        row = {name: getattr(job, name) for name in Job.__struct_fields__}
        await self._session.fetch(
            SQL.store_changed, job.job_id, row, version, now, entry.user_id, entry.action, entry.old_value,
            entry.new_value, entry.ip_address, entry.user_agent, entry.request_id, CHANNEL,
            entry.key_id,
        )  # fmt: skip
