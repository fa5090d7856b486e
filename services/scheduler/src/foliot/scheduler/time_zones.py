"""A new tzdata: next ticks of armed jobs that it moves are computed again, logged and audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from foliot.common.clock import Clock, rfc3339
from foliot.common.ledger.again import again
from foliot.common.ledger.audit_logs import FOLIOT, AuditEntry
from foliot.common.ledger.conclude import end_runs
from foliot.common.ledger.plan import ReadJob
from foliot.common.model.due import ZonedJob
from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.kinds import Cron, Instant
from foliot.common.schedules.of_job import timetable_of
from foliot.common.schedules.zones import TZDATA_VERSION
from foliot.scheduler import events
from foliot.scheduler.slices import Slices
from foliot.scheduler.unit import UnitsOfWork

JOBS_PER_BATCH = 500
"""Armed jobs that are read at once, and most jobs that one transaction moves and holds locked."""
HELD_JOBS_AFTER = 1.0
"""Seconds until all jobs are gone through again because some were locked or changed by somebody else."""
_log = structlog.get_logger()


class Move(msgspec.Struct, frozen=True):
    """A job whose next tick moves from `former` to `next_run_time` (None: it has no further tick)."""

    job_id: int
    version: int
    team_id: int | None
    former: datetime
    next_run_time: datetime | None


class MoveCounts(msgspec.Struct):
    """Figures of one pass over the armed jobs. `held`: jobs that somebody else locked or changed in between."""

    moved: int = 0
    held: int = 0


class TimeZones:
    """Compares this process's tzdata with the one last used, under one term. PostgreSQL keeps the version last used, so
    a restart with the same tzdata does nothing."""

    INTERVAL = 3600.0
    """Seconds between two comparisons. The version of a process never changes, so the first one of a term decides."""

    def __init__(self, database: UnitsOfWork, term: int, clock: Clock, *, version: str = TZDATA_VERSION) -> None:
        self._database = database
        self._term = term
        self._clock = clock
        self._version = version

    async def step(self) -> float | None:
        """Compare the versions; if they differ, go through all armed jobs. Gives the seconds until the next pass, None
        if none is needed.

        Raises Fenced if the term has passed, Unavailable if PostgreSQL is away.
        """
        async with self._database.session() as unit:
            former = await unit.tzdata.select_tzdata()
        if former == self._version:
            return None
        counts = await self._go_through()
        if counts.held:
            return HELD_JOBS_AFTER
        await self._note_version()
        _log.info(events.TZDATA_CHANGED, former=former, tzdata=self._version, moved=counts.moved)
        return None

    @again
    async def _note_version(self) -> None:
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            await unit.tzdata.update_tzdata(self._version)

    async def _go_through(self) -> MoveCounts:
        counts, after = MoveCounts(), 0
        while True:
            async with self._database.session() as unit:
                jobs = await unit.tzdata.select_zoned_jobs(after, JOBS_PER_BATCH)
            moves = await self._compare(jobs)
            if moves:
                moved = await self._move(moves)
                counts.moved += moved
                counts.held += len(moves) - moved
            if len(jobs) < JOBS_PER_BATCH:
                return counts
            after = jobs[-1].job_id

    async def _compare(self, jobs: Sequence[ZonedJob]) -> list[Move]:
        """Find the jobs whose next tick differs by this tzdata."""
        moves = []
        slices = Slices(self._clock)
        for job in jobs:
            next_run_time = _next_tick(job)
            if next_run_time != job.next_run_time:
                moves.append(Move(job.job_id, job.version, job.team_id, job.next_run_time, next_run_time))
            if slices.over():
                await slices.turn()
        return moves

    async def _move(self, moves: Sequence[Move]) -> int:
        """Move the jobs that are still as they were read and that nobody has locked. Gives how many."""
        moved = await self._write(moves)
        for move in moved:
            _log.info(events.JOB_MOVED, job_id=move.job_id, former=move.former, next_run_time=move.next_run_time)
        return len(moved)

    @again
    async def _write(self, moves: Sequence[Move]) -> list[Move]:
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            locked = await unit.plan.lock_due_jobs([ReadJob(m.job_id, m.version, m.former) for m in moves])
            unchanged = [move for move in moves if move.job_id in locked]
            if not unchanged:
                return []
            await unit.tzdata.move_jobs([(move.job_id, move.next_run_time) for move in unchanged])
            await unit.audit_logs.insert_audits([self._audit_entry(move) for move in unchanged])
            ended = [move.job_id for move in unchanged if move.next_run_time is None]
            if ended:
                await end_runs(unit, ended)
        return unchanged

    def _audit_entry(self, move: Move) -> AuditEntry:
        following = None if move.next_run_time is None else rfc3339(move.next_run_time)
        return AuditEntry(
            user_id=FOLIOT,
            team_id=move.team_id,
            action="UPDATE_JOB",
            resource_type="JOB",
            resource_id=move.job_id,
            old_value={"next_run_time": rfc3339(move.former)},
            new_value={"next_run_time": following, "tzdata": self._version},
        )


def _next_tick(job: ZonedJob) -> datetime | None:
    """The next tick by this tzdata. The present one is kept where time zones do not matter, and where the schedule
    cannot be read any more (its zone is gone): the planner gives up such a job."""
    try:
        times = timetable_of(job)
    except ScheduleError:
        return job.next_run_time
    if isinstance(times.schedule, Cron):
        return times.next_after(job.now)
    if isinstance(times.schedule, Instant) and times.instants:  # one that lies in the past now is due, not lost
        return times.next_after(job.now) or times.instants[-1]
    return job.next_run_time
