"""The end of pauses: a job that was paused until an instant is resumed when it has come, audited as Foliot's change."""

from __future__ import annotations

from datetime import datetime

import msgspec
import structlog

from foliot.common.ledger.again import again
from foliot.common.ledger.audit_logs import FOLIOT, AuditEntry
from foliot.common.ledger.changing import audited, store_change
from foliot.common.ledger.job import Job
from foliot.common.ledger.resuming import resumed
from foliot.common.model.states import JobStatus
from foliot.common.schedules.errors import ScheduleError
from foliot.scheduler import events
from foliot.scheduler.unit import Unit, UnitsOfWork

JOBS_PER_BATCH = 100
"""Most jobs that one transaction resumes and holds locked."""
_log = structlog.get_logger()


class PauseEnds:
    """Resumes jobs under one term."""

    INTERVAL = 1.0
    """Seconds between two looks: a pause lasts at most so much longer than asked."""

    def __init__(self, database: UnitsOfWork, term: int) -> None:
        self._database = database
        self._term = term

    async def step(self) -> float | None:
        """Resume a batch; if it was full, the next follows at once. Raises Fenced if the term has passed, Unavailable
        if PostgreSQL is away."""
        found, done = await self._resume_batch()
        for job in done:
            _log.info(events.PAUSE_ENDED, job_id=job.job_id, next_run_time=job.next_run_time)
        return 0.0 if found == JOBS_PER_BATCH else None

    @again
    async def _resume_batch(self) -> tuple[int, list[Job]]:
        """Gives how many jobs were locked, and those that were resumed."""
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            jobs, now = await unit.pauses.lock_ending(JOBS_PER_BATCH)
            if now is None:
                return 0, []
            ending = await unit.pauses.select_ending([job.job_id for job in jobs])
            paused = [job for job in jobs if job.job_id in ending and job.status == JobStatus.PAUSED]
            done = [await _resume(unit, job, now) for job in paused]
            await unit.pauses.delete_pauses(sorted(ending))
        return len(jobs), done


async def _resume(unit: Unit, job: Job, now: datetime) -> Job:
    """A job whose schedule cannot be read any more is armed at once, so that the planner gives it up and says why."""
    try:
        after = await resumed(unit, job, now)
    except ScheduleError:
        after = msgspec.structs.replace(job, status=JobStatus.PENDING, next_run_time=now, paused_run_time=None)
    entry = AuditEntry(
        user_id=FOLIOT, team_id=job.team_id, action="RESUME_JOB", resource_type="JOB", resource_id=job.job_id,
        old_value=audited(job), new_value=audited(after),
    )  # fmt: skip
    await store_change(unit, job, after, now, entry)
    return after
