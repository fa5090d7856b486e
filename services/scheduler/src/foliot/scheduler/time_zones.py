"""A new tzdata: what it moves of the armed jobs' next ticks, moved, logged and audited."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from foliot.common.clock import Clock, rfc3339
from foliot.common.ledger.audit_logs import FOLIOT, AuditEntry
from foliot.common.ledger.conclude import end_runs
from foliot.common.ledger.plan import ReadJob
from foliot.common.model.due import ZonedJob
from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.kinds import Cron
from foliot.common.schedules.of_job import timetable_of
from foliot.common.schedules.zones import TZDATA_VERSION
from foliot.scheduler import events
from foliot.scheduler.planner import CPU_SLICE
from foliot.scheduler.unit import UnitsOfWork

BATCH = 500
AGAIN = 1.0
_log = structlog.get_logger()


class Move(msgspec.Struct, frozen=True):
    """A job whose next tick lies elsewhere now; None: none follows any more."""

    job_id: int
    version: int
    team_id: int | None
    former: datetime
    next_run_time: datetime | None


class TimeZones:
    """One leader's. The version that was used last stands in PostgreSQL: a restart with the same does nothing."""

    def __init__(self, database: UnitsOfWork, term: int, clock: Clock, *, version: str = TZDATA_VERSION) -> None:
        self._database = database
        self._term = term
        self._clock = clock
        self._version = version

    async def step(self) -> float | None:
        """Compare versions; go through all armed jobs if they differ. What was locked by others is looked at again."""
        async with self._database.session() as unit:
            former = await unit.tzdata.select_tzdata()
        if former == self._version:
            return None
        moved, left = await self._go_through()
        if left:
            return AGAIN
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            await unit.tzdata.update_tzdata(self._version)
        _log.info(events.TZDATA_CHANGED, former=former, tzdata=self._version, moved=moved)
        return None

    async def _go_through(self) -> tuple[int, int]:
        """(jobs moved, jobs that others held)."""
        moved = left = after = 0
        while True:
            async with self._database.session() as unit:
                rows = await unit.tzdata.select_zoned_jobs(after, BATCH)
            moves = await self._compare(rows)
            if moves:
                done = await self._move(moves)
                moved, left = moved + done, left + len(moves) - done
            if len(rows) < BATCH:
                return moved, left
            after = rows[-1].job_id

    async def _compare(self, jobs: Sequence[ZonedJob]) -> list[Move]:
        """In slices. What cannot be read any more (a zone that is gone) is left to the planner, which tells it."""
        moves = []
        slice_end = self._clock.elapsed() + CPU_SLICE
        for job in jobs:
            next_run_time = _next_tick(job)
            if next_run_time != job.next_run_time:
                moves.append(Move(job.job_id, job.version, job.team_id, job.next_run_time, next_run_time))
            if self._clock.elapsed() > slice_end:
                await asyncio.sleep(0)
                slice_end = self._clock.elapsed() + CPU_SLICE
        return moves

    async def _move(self, moves: Sequence[Move]) -> int:
        """Those that still are as they were read and that nobody holds."""
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            locked = await unit.plan.lock_due_jobs([ReadJob(m.job_id, m.version, m.former) for m in moves])
            standing = [move for move in moves if move.job_id in locked]
            if not standing:
                return 0
            await unit.tzdata.move_jobs([(move.job_id, move.next_run_time) for move in standing])
            await unit.audit_logs.insert_audits([self._audited(move) for move in standing])
            ended = [move.job_id for move in standing if move.next_run_time is None]
            if ended:
                await end_runs(unit, ended)
        for move in standing:
            _log.info(events.JOB_MOVED, job_id=move.job_id, former=move.former, next_run_time=move.next_run_time)
        return len(standing)

    def _audited(self, move: Move) -> AuditEntry:
        return AuditEntry(
            user_id=FOLIOT, team_id=move.team_id, action="UPDATE_JOB", resource_type="JOB", resource_id=move.job_id,
            old_value={"next_run_time": _told(move.former)},
            new_value={"next_run_time": _told(move.next_run_time), "tzdata": self._version},
        )  # fmt: skip


def _next_tick(job: ZonedJob) -> datetime | None:
    """The next tick by today's rules; the one that stands where zones do not matter."""
    try:
        times = timetable_of(job)
    except ScheduleError:
        return job.next_run_time
    return times.next_after(job.now) if isinstance(times.schedule, Cron) else job.next_run_time


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
