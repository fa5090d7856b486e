"""Resume: a paused job is armed again, at a tick that has no execution yet. A caller asks for it, or its pause ends."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Protocol

import msgspec

from foliot.common.ledger.job import Job
from foliot.common.ledger.pauses import Pauses
from foliot.common.ledger.runs import Runs
from foliot.common.model.states import JobStatus
from foliot.common.schedules.kinds import Immediate, Instant
from foliot.common.schedules.of_job import timetable_of
from foliot.common.schedules.timetable import Timetable


class Resumes(Protocol):
    """The part of a unit of work that a resume needs."""

    @property
    def runs(self) -> Runs: ...
    @property
    def pauses(self) -> Pauses: ...


async def resumed(unit: Resumes, job: Job, now: datetime) -> Job:
    """The locked job as it is after the resume; its pause is forgotten. Raises ScheduleError."""
    await unit.pauses.delete_pauses([job.job_id])
    tick = await without_run(unit, job, after_resume(job, now))
    return msgspec.structs.replace(job, status=JobStatus.PENDING, next_run_time=tick, paused_run_time=None)


async def without_run(unit: Resumes, job: Job, tick: datetime | None) -> datetime | None:
    """The tick, or the one after it if it has an execution."""
    if tick is not None and await unit.runs.has_run(job.job_id, tick):
        return timetable_of(job).next_after(tick)
    return tick


def after_resume(job: Job, now: datetime) -> datetime | None:
    """Strictly after now; a single tick that passed in the pause is left to the planner, which judges it as late."""
    if runs_left(job) <= 0:
        return None
    times = timetable_of(job)
    return job.paused_run_time if fires_once(times) else times.next_after(now)


def fires_once(times: Timetable) -> bool:
    return isinstance(times.schedule, (Immediate, Instant))


def runs_left(job: Job) -> float:
    """Runs that max_runs still allows."""
    return math.inf if job.max_runs is None else job.max_runs - job.runs_planned
