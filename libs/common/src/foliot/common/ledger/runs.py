"""Runs beside the schedule: run now and replay, under the lock of their job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from foliot.common.ledger.job import Job
from foliot.common.ledger.postgres import Session, columns
from foliot.common.ledger.statements import Statements
from foliot.common.model.execution import Execution


class ReplayRow(msgspec.Struct, frozen=True):
    """The attempt that a replay made."""

    execution_id: int
    job_id: int
    scheduled_time: datetime
    attempt_number: int


class LockedJob(msgspec.Struct, frozen=True):
    """A job that is locked until the transaction ends, and its owner's team."""

    job_id: int
    team_id: int | None


SQL = Statements(
    "foliot.common.ledger", "runs.sql",
    rows={"lock_jobs": LockedJob, "insert_run": Execution, "insert_replays": ReplayRow},
)  # fmt: skip


class Runs:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def lock_jobs(self, job_ids: Sequence[int]) -> dict[int, int | None]:
        """job_id -> team_id of those that exist."""
        rows: list[LockedJob] = await self._session.read(SQL.lock_jobs, list(job_ids))
        return {row.job_id: row.team_id for row in rows}

    async def is_open(self, job_id: int) -> bool:
        answer: bool = await self._session.value(SQL.is_open, job_id)
        return answer

    async def is_waiting(self, job_id: int) -> bool:
        answer: bool = await self._session.value(SQL.is_waiting, job_id)
        return answer

    async def has_run(self, job_id: int, scheduled_time: datetime) -> bool:
        answer: bool = await self._session.value(SQL.has_run, job_id, scheduled_time)
        return answer

    async def insert_run(
        self, job: Job, *, override: dict[str, Any] | None, request_id: str, traceparent: str | None, waits: bool
    ) -> Execution:
        """Insert a run beside the schedule. `waits`: it waits for an earlier run of the job."""
        made: Execution = await self._session.read_one(
            SQL.insert_run, job.job_id, job.user_id, job.team_id, job.pool, job.priority, override, request_id,
            traceparent, waits,
        )  # fmt: skip
        return made

    async def note_open_runs(self, runs: Sequence[tuple[int, datetime]]) -> None:
        """`runs`: (job_id, scheduled_time), of each job one."""
        await self._session.execute(SQL.note_open_runs, *columns(runs, 2))

    async def insert_replays(
        self, dead: Sequence[tuple[int, datetime, timedelta]], request_id: str, traceparent: str | None
    ) -> list[ReplayRow]:
        """Insert replays. `dead`: (execution_id, scheduled_time, delay) of given-up attempts whose jobs are locked."""
        times = [item[1] for item in dead]
        return await self._session.read(
            SQL.insert_replays, *columns(dead, 3), min(times), max(times), request_id, traceparent
        )

    async def note_replays(self, runs: Sequence[tuple[int, datetime]]) -> None:
        """Note runs that are open again. `runs`: (job_id, scheduled_time)."""
        await self._session.execute(SQL.note_replays, *columns(runs, 2))
