"""The next tick of a job after a change: no past tick by surprise, no tick twice, and none without a trace.

The planner decides from one tick to the next; this is the one place where a change decides. Nothing here reads or
writes: the steps apply what is decided.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime, timedelta

import msgspec

from foliot.common.clock import rfc3339
from foliot.common.errors import FieldError, Invalid
from foliot.common.ledger.job import Job
from foliot.common.ledger.resuming import fires_once, runs_left
from foliot.common.model.states import JobStatus
from foliot.common.schedules.kinds import Immediate, Instant, Manual
from foliot.common.schedules.of_job import meaning_of, timetable_of
from foliot.common.schedules.timetable import Timetable

TIMETABLE_FIELDS = frozenset({"schedule", "timezone", "dst_gap", "dst_overlap", "start_at", "end_at", "max_runs"})
"""Fields that decide when a job fires."""
REARMING_FIELDS = frozenset({"schedule", "start_at", "end_at", "max_runs"})
"""Those of them that arm a COMPLETED or FAILED job again."""
_MICROSECOND = timedelta(microseconds=1)


class NextTick(msgspec.Struct, frozen=True):
    """The decision of a change. `drops_due`: ticks that are due and not planned yet will not run; SKIPPED rows are to
    cover them."""

    tick: datetime | None
    drops_due: bool = False


def first_tick(times: Timetable, now: datetime, grace_seconds: int) -> datetime | None:
    """The first tick of a schedule that was set at `now`. Raises Invalid if there is none, or if it has passed."""
    schedule = times.schedule
    if isinstance(schedule, Manual):
        return None
    if isinstance(schedule, Immediate):
        return times.next_after(now - _MICROSECOND)
    if isinstance(schedule, Instant):
        instants = times.instants
        if not instants:
            local = f"{schedule.at.isoformat()} does not exist in {times.zone.key}"
            raise Invalid(
                [FieldError("schedule", f"{local}, and dst_gap is skip: give another time, or dst_gap shift")]
            )
        due = [at for at in instants if at >= now - timedelta(seconds=grace_seconds)]
        if not due:
            raise Invalid([FieldError("schedule", f"{rfc3339(instants[-1])} has passed: give a time in the future")])
        tick = times.next_after(due[0] - _MICROSECOND)
    else:
        tick = times.next_after(now)
    if tick is None:
        raise Invalid([FieldError("end_at", "no tick lies in start_at..end_at: widen them or give another schedule")])
    return tick


def same_schedule(job: Job, edited: Job) -> bool:
    """True if both texts mean the same, as `@every 60s` and `@every 1m`, or `mon` and `1`: tools rewrite texts, and
    each edit would otherwise begin the interval again."""
    return meaning_of(job) == meaning_of(edited)


def due_tick(job: Job, times: Timetable, now: datetime) -> datetime | None:
    """The oldest due tick that is not planned. In a paused job only a single tick waits, others are not expected."""
    waiting = job.next_run_time or (job.paused_run_time if fires_once(times) else None)
    return waiting if waiting is not None and waiting <= now else None


def rearms(job: Job, changed: Set[str]) -> bool:
    """True if an edit of the fields `changed` decides the next tick of this job again."""
    armed = job.status in (JobStatus.PENDING, JobStatus.PAUSED)
    return bool(changed & (TIMETABLE_FIELDS if armed else REARMING_FIELDS))


def after_edit(job: Job, edited: Job, changed: Set[str], now: datetime) -> NextTick:
    """Strictly after now; but ticks that are due stay due if the edit leaves them as they are. Raises Invalid."""
    before, after = timetable_of(job), timetable_of(edited)
    new_schedule = "schedule" in changed
    tick = first_tick(after, now, edited.misfire_grace_seconds) if new_schedule else after.next_after(now)
    due = due_tick(job, before, now)
    if _spent(edited):
        return NextTick(None, drops_due=due is not None)
    if due is not None and not new_schedule and _same_ticks(before, after, due, now, runs_left(edited)):
        return NextTick(due)
    return NextTick(tick, drops_due=due is not None)


def at_pause(job: Job, now: datetime) -> NextTick:
    """The tick that a job keeps while it is paused. A single tick waits for resume, even if it passes."""
    times, tick = timetable_of(job), job.next_run_time
    if tick is not None and tick <= now and not fires_once(times):
        return NextTick(times.next_after(now), drops_due=True)
    return NextTick(tick)


def after_restore(job: Job, now: datetime) -> datetime | None:
    """As after_resume. A deleted job keeps no tick, so that a single one is found by its schedule."""
    if _spent(job):
        return None
    times = timetable_of(job)
    grace = timedelta(seconds=job.misfire_grace_seconds)  # an instant may have passed when it was set
    return times.next_after(job.since - grace - _MICROSECOND if fires_once(times) else now)


def _spent(job: Job) -> bool:
    """True if max_runs allows no further run."""
    return runs_left(job) <= 0


def _same_ticks(before: Timetable, after: Timetable, due: datetime, now: datetime, most: float) -> bool:
    """True if both timetables have the same ticks from `due` to `now`, and at most `most` of them."""
    begin = due - _MICROSECOND
    return (
        after.next_after(begin) == due
        and before.count(begin, now) == after.count(begin, now) <= most
        and before.latest(begin, now, 1) == after.latest(begin, now, 1)
    )
