"""When a changed job fires next: no past tick by surprise, no tick twice, and none without a trace."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import msgspec

from foliot.api.jobs.definition import first_tick
from foliot.api.queries.unit import Unit
from foliot.common.ledger.job import Job
from foliot.common.model.policies import SkipReason
from foliot.common.model.skipped import skip_range
from foliot.common.model.states import JobStatus
from foliot.common.schedules.kinds import Immediate, Instant
from foliot.common.schedules.of_job import timetable_of
from foliot.common.schedules.timetable import Timetable

TIMETABLE_FIELDS = frozenset({"schedule", "timezone", "dst_gap", "dst_overlap", "start_at", "end_at", "max_runs"})
REARMING_FIELDS = frozenset({"schedule", "start_at", "end_at", "max_runs"})
_MICROSECOND = timedelta(microseconds=1)


def fires_once(times: Timetable) -> bool:
    return isinstance(times.schedule, (Immediate, Instant))


def is_spent(job: Job) -> bool:
    """Whether max_runs allows no run any more."""
    return job.max_runs is not None and job.runs_planned >= job.max_runs


def due_tick(job: Job, times: Timetable, now: datetime) -> datetime | None:
    """The oldest tick that is due and not planned; a single tick waits for it in a paused job too."""
    waiting = job.next_run_time or (job.paused_run_time if fires_once(times) else None)
    return waiting if waiting is not None and waiting <= now else None


async def drop_due(unit: Unit, job: Job, now: datetime, reason: SkipReason) -> None:
    """Cover what is due and was not planned before this change of the locked job by SKIPPED rows, from the floor of
    history on."""
    times = timetable_of(job)
    due = due_tick(job, times, now)
    if due is None:
        return
    floor = await unit.months.hold_floor()
    first = due if due >= floor else times.next_after(floor - _MICROSECOND)
    if first is None or first > now:
        return
    await unit.months.ensure_partitions("executions", first, now)
    await unit.plan.insert_planned(skip_range(job, times, first, now, reason), None)


async def rearm(
    unit: Unit, job: Job, edited: Job, changed: set[str], now: datetime
) -> Job:  # fmt: skip
    """The edited job with its next tick: strictly after now, but for what was due before the edit and is due all the
    same after it. A COMPLETED or FAILED job is armed again by some fields only."""
    if job.status not in (JobStatus.PENDING, JobStatus.PAUSED) and not changed & REARMING_FIELDS:
        return edited
    before, after = timetable_of(job), timetable_of(edited)
    tick = first_tick(after, now, edited.misfire_grace_seconds) if "schedule" in changed else after.next_after(now)
    due = due_tick(job, before, now)
    if is_spent(edited):
        tick = None
    elif due is not None and "schedule" not in changed and _same_ticks(before, after, due, now, _runs_left(edited)):
        tick, due = due, None  # stays due
    if due is not None:
        await drop_due(unit, job, now, SkipReason.EDITED)
    if job.status == JobStatus.PAUSED:
        return msgspec.structs.replace(edited, paused_run_time=tick, next_run_time=None)
    return msgspec.structs.replace(edited, status=JobStatus.PENDING.value, next_run_time=tick)


def _runs_left(job: Job) -> float:
    return math.inf if job.max_runs is None else job.max_runs - job.runs_planned


def _same_ticks(before: Timetable, after: Timetable, due: datetime, now: datetime, most: float) -> bool:
    """Whether both have the same ticks from `due` to `now`, no more than `most`."""
    begin = due - _MICROSECOND
    return (
        after.next_after(begin) == due
        and before.count(begin, now) == after.count(begin, now) <= most
        and before.latest(begin, now, 1) == after.latest(begin, now, 1)
    )
