"""History for people: attempts, the ticks of a job, and the definitions that decided them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from foliot.common.ledger.postgres import Session, columns
from foliot.common.ledger.statements import Statements
from foliot.common.model.execution import Execution
from foliot.common.model.scope import Scope


class ExecutionWithLogs(Execution, frozen=True):
    """One attempt with what it printed, and the payload that it ran with: None until it is claimed, and if its version
    of the definition is not kept any more."""

    logs: str | None
    payload: dict[str, Any] | None


class TickRow(msgspec.Struct, frozen=True):
    """A tick that the ledger holds, with its last attempt. `lateness`: from available to the first start."""

    scheduled_time: datetime
    attempts: int
    status: str
    execution_id: int
    error_message: str | None
    job_version: int | None
    lateness: timedelta | None
    skipped_until: datetime | None


class LastTick(msgspec.Struct, frozen=True):
    """The newest row that the schedule made before some time. With `skipped_until` it stands for all ticks from its own
    to that one."""

    scheduled_time: datetime
    execution_id: int
    error_message: str | None
    skipped_until: datetime | None


class JobVersion(msgspec.Struct, frozen=True):
    """A definition that was in force from `valid_from` to `valid_to` (None: it still is); the fields that decide
    ticks."""

    version: int
    status: str
    valid_from: datetime
    valid_to: datetime | None
    previous_status: str | None
    schedule: str | None
    timezone: str
    dst_gap: str
    dst_overlap: str
    start_at: datetime | None
    end_at: datetime | None
    schedule_since: datetime | None

    @property
    def since(self) -> datetime:
        """The anchor of the schedule."""
        return self.schedule_since or self.valid_from


class ExecutionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """The attempts that a list shows: in a window of scheduled_time, behind the cursor; None does not narrow."""

    scope: Scope
    window: tuple[datetime, datetime]
    statuses: Sequence[str] | None
    worker_id: str | None
    before: int
    labels: dict[str, str] | None
    limit: int

    def arguments(self) -> tuple[Any, ...]:
        scope = self.scope
        owner = (scope.everything, scope.team_id, scope.user_id)
        return (*owner, *self.window, self.statuses, self.worker_id, self.before, self.labels, self.limit)


SQL = Statements(
    "foliot.api.queries", "history.sql",
    rows={
        "select_execution": ExecutionWithLogs, "list_by_job": Execution, "list_executions": Execution,
        "list_executions_of_job": Execution, "list_ticks": TickRow, "list_latest_ticks": TickRow,
        "select_last_tick": LastTick, "list_job_versions": JobVersion, "list_latest_job_versions": JobVersion,
    },
)  # fmt: skip


class History:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def select_execution(self, execution_id: int, scope: Scope) -> ExecutionWithLogs | None:
        found: ExecutionWithLogs | None = await self._session.read_one(
            SQL.select_execution, execution_id, scope.everything, scope.team_id, scope.user_id
        )
        return found

    async def select_ended(self, awaited: Sequence[tuple[int, datetime, int | None]]) -> list[int]:
        """`awaited`: (job_id, scheduled_time, attempt_number or None for the whole run). Gives the places, from 1, of
        those that have ended."""
        return await self._session.column(SQL.select_ended, *columns(awaited, 3))

    async def list_by_job(self, job_id: int, before: tuple[datetime, int], limit: int) -> list[Execution]:
        """`before`: (scheduled_time, attempt_number)."""
        return await self._session.read(SQL.list_by_job, job_id, *before, limit)

    async def list_executions(self, wanted: ExecutionFilter) -> list[Execution]:
        """Of all jobs."""
        return await self._session.read(SQL.list_executions, *wanted.arguments())

    async def select_executions_walk_end(self, window: tuple[datetime, datetime], before: int) -> int | None:
        """None if a page of list_executions looks at everything that is left."""
        end: int | None = await self._session.value(SQL.select_executions_walk_end, *window, before)
        return end

    async def list_executions_of_job(self, wanted: ExecutionFilter, job_id: int) -> list[Execution]:
        return await self._session.read(SQL.list_executions_of_job, *wanted.arguments(), job_id)

    async def list_ticks(self, job_id: int, first: datetime, last: datetime, limit: int) -> list[TickRow]:
        return await self._session.read(SQL.list_ticks, job_id, first, last, limit)

    async def list_latest_ticks(self, job_id: int, first: datetime, last: datetime, limit: int) -> list[TickRow]:
        """Newest first."""
        return await self._session.read(SQL.list_latest_ticks, job_id, first, last, limit)

    async def select_last_tick(self, job_id: int, before: datetime) -> LastTick | None:
        found: LastTick | None = await self._session.read_one(SQL.select_last_tick, job_id, before)
        return found

    async def select_floor(self) -> datetime | None:
        """History before this instant is dropped; None: none is."""
        floor: datetime | None = await self._session.value(SQL.select_floor)
        return floor

    async def list_job_versions(self, job_id: int, first: datetime, last: datetime, limit: int) -> list[JobVersion]:
        return await self._session.read(SQL.list_job_versions, job_id, first, last, limit)

    async def list_latest_job_versions(
        self, job_id: int, first: datetime, last: datetime, limit: int
    ) -> list[JobVersion]:
        """Newest first."""
        return await self._session.read(SQL.list_latest_job_versions, job_id, first, last, limit)
