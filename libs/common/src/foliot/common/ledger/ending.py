"""The end of attempts, runs and jobs: cancel, rescue, retry, the release of a waiting run, the outcome of a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from foliot.common.ledger.postgres import Session, columns
from foliot.common.ledger.statements import Statements
from foliot.common.model.execution import Execution, Handle
from foliot.common.model.states import ExecutionStatus


class LostRow(msgspec.Struct, frozen=True):
    """An attempt whose worker seems to be lost: read without a lock."""

    execution_id: int
    scheduled_time: datetime
    job_id: int


class RescuedRow(msgspec.Struct, frozen=True):
    """An attempt that ended because its worker was lost."""

    execution_id: int
    job_id: int
    scheduled_time: datetime
    attempt_number: int
    status: str
    trigger: str
    worker_id: str | None
    request_id: str | None
    traceparent: str | None
    retry_policy: dict[str, Any]


class RetryRow(msgspec.Struct, frozen=True):
    """The next attempt of a run."""

    job_id: int
    scheduled_time: datetime
    attempt_number: int
    available_at: datetime


class SettledJob(msgspec.Struct, frozen=True):
    """A job that has ended, and its outcome. `noted`: its last_status so far."""

    job_id: int
    status: str
    noted: str | None

    @property
    def tells(self) -> bool:
        """True if the job's own status is enough to tell that its last run completed."""
        completed = ExecutionStatus.COMPLETED.value
        return self.status == completed and self.noted in (None, completed)


SQL = Statements(
    "foliot.common.ledger", "ending.sql",
    rows={
        "cancel_execution": Execution, "select_lost": LostRow, "rescue_lost": RescuedRow, "insert_retries": RetryRow,
        "settle_jobs": SettledJob,
    },
)  # fmt: skip


class Endings:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def cancel_execution(self, handle: Handle) -> Execution | None:
        """Cancel an attempt of a locked job; None if it has ended already."""
        cancelled: Execution | None = await self._session.read_one(
            SQL.cancel_execution, handle.execution_id, handle.scheduled_time
        )
        return cancelled

    async def lock_open(self, job_ids: Sequence[int]) -> None:
        """Lock what the locked jobs have open."""
        await self._session.column(SQL.lock_open, list(job_ids))

    async def cancel_open(self, job_ids: Sequence[int]) -> dict[int, str]:
        """Cancel what the locked jobs have open. Gives job_id -> CANCELLED of those that lost a run by that, for
        `end_runs` or `note_outcomes`."""
        rows = await self._session.fetch(SQL.cancel_open, list(job_ids))
        cancelled = ExecutionStatus.CANCELLED.value
        return {row["job_id"]: cancelled for row in rows if row["status"] == cancelled}

    async def select_lost(self, claims: Sequence[int], limit: int) -> list[LostRow]:
        return await self._session.read(SQL.select_lost, list(claims), limit)

    async def rescue_lost(self, lost: Sequence[LostRow], claims: Sequence[int]) -> list[RescuedRow]:
        """End those of `lost` that are still lost, and not locked."""
        ids, times = [row.execution_id for row in lost], [row.scheduled_time for row in lost]
        return await self._session.read(SQL.rescue_lost, ids, times, list(claims))

    async def insert_retries(self, failed: Sequence[tuple[int, datetime, timedelta]]) -> list[RetryRow]:
        """`failed`: (execution_id, scheduled_time, delay) of attempts that ended in this transaction."""
        return await self._session.read(SQL.insert_retries, *columns(failed, 3))

    async def lock_settling(self, job_ids: Sequence[int]) -> list[int]:
        """Lock the jobs whose end, or whose waiting run, must be decided under the job's lock; returns their
        job_ids."""
        return await self._session.column(SQL.lock_settling, list(job_ids))

    async def release_waiting(self, job_ids: Sequence[int]) -> None:
        await self._session.fetch(SQL.release_waiting, list(job_ids))

    async def settle_jobs(self, job_ids: Sequence[int]) -> list[SettledJob]:
        """End the locked jobs for which nothing is open and nothing follows, with the outcome of their last run. Gives
        those that have ended."""
        return await self._session.read(SQL.settle_jobs, list(job_ids))

    async def note_outcomes(self, outcomes: Mapping[int, str]) -> None:
        """`outcomes`: job_id -> status of the run that has just ended. The last statement of its transaction."""
        if outcomes:
            await self._session.execute(SQL.note_outcomes, *columns(list(outcomes.items()), 2))

    async def complete_replayed(self, job_ids: Sequence[int]) -> None:
        await self._session.fetch(SQL.complete_replayed, list(job_ids))

    async def select_waiting_jobs(self, after: int, limit: int) -> list[int]:
        return await self._session.column(SQL.select_waiting_jobs, after, limit)

    async def select_unsettled(self, after: int, limit: int) -> list[int]:
        return await self._session.column(SQL.select_unsettled, after, limit)
