"""Decisions: the fate of due ticks by misfire policy, overlap policy and the end of a schedule. Pure: no I/O, no clock.

`judge` applies what depends on the job alone, before its row is locked. `decide` applies what depends on its open
runs, after that. The rules stand in docs/schedules.md.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import assert_never

import msgspec

from foliot.common.model.due import DueJob
from foliot.common.model.policies import MisfirePolicy, OverlapPolicy, SkipReason
from foliot.common.model.skipped import skip_range, skip_ticks
from foliot.common.model.states import ExecutionStatus
from foliot.common.model.ticks import Advance, OpenRuns, PlainTick, Tick
from foliot.common.schedules.timetable import Timetable
from foliot.scheduler.jitter import delay_of
from foliot.scheduler.overlap import overlapped

TICKS_PER_DECISION = 1_000
"""Most ticks within the grace that one decision takes: it bounds the rows of one transaction."""
NO_FLOOR = datetime(1, 1, 1, tzinfo=UTC)
"""The floor of history before any month is closed."""
_MICROSECOND = timedelta(microseconds=1)
"""The resolution of times: what is a microsecond later is strictly later."""


class Judged(msgspec.Struct, frozen=True):
    """Due ticks after the misfire policy: the ticks to run, the SKIPPED rows to insert, the next run time.

    `gap`: the ticks are caught up after a time without planning. `left`: how many runs max_runs still allows (None:
    any number); `decide` counts, because a tick that is skipped for overlap is no run. `plain`: there is one tick, it
    meets no other run and waits for nothing. One statement can write it, provided that the job's row is still the one
    that was read. `floor`: the floor of history by which it was judged; if it has risen since then, it is judged again.
    """

    job: DueJob
    kept: list[datetime]
    skipped: list[Tick]
    gap: bool
    next_run_time: datetime | None
    left: int | None
    plain: bool
    floor: datetime


class Decision(msgspec.Struct, frozen=True):
    """The rows of one job's due ticks and the job's own write. `cancel_open`: its open attempts are cancelled first."""

    ticks: list[Tick]
    advance: Advance
    cancel_open: bool


def judge(job: DueJob, timetable: Timetable, now: datetime, floor: datetime = NO_FLOOR) -> Judged:
    """Apply the misfire policy, once, to all ticks due at `now`. Raises ScheduleError if a tick cannot be computed.

    History before `floor` is dropped: a gap begins there, and ticks before it get no row.

    If more than TICKS_PER_DECISION ticks lie within the grace, the older half is taken now. Ticks lie at least a second
    apart, so the rest stays within the grace for as many seconds, far longer than until the next step.
    """
    first = job.next_run_time if job.next_run_time >= floor else timetable.next_after(floor - _MICROSECOND)
    if first is None or first > now:
        return _judged(job, [], [], True, first, left=None, floor=floor)
    left = None if job.max_runs is None else max(0, job.max_runs - job.runs_planned)
    late_until = now - timedelta(seconds=job.misfire_grace_seconds) - _MICROSECOND
    following = timetable.next_after(first)
    if late_until < first and (following is None or now < following):  # one tick, in time, as nearly always
        return _judged(job, [first], [], False, following, left=left, floor=floor)
    fresh = timetable.ticks(max(first, late_until), now, TICKS_PER_DECISION + 1)
    if len(fresh) > TICKS_PER_DECISION:
        fresh = fresh[: TICKS_PER_DECISION // 2]
    kept, skipped = _judge_late(job, timetable, first, late_until) if first <= late_until else ([first], [])
    next_run_time = timetable.next_after(fresh[-1] if fresh else now)
    return _judged(job, kept + fresh, skipped, True, next_run_time, left=left, floor=floor)


def _judge_late(
    job: DueJob, timetable: Timetable, first: datetime, late_until: datetime
) -> tuple[list[datetime], list[Tick]]:
    """Judge the late ticks: `first` and each one after it up to `late_until`. Gives (ticks to run, SKIPPED rows)."""
    keep = _kept_of_late(job)
    kept = timetable.latest(first, late_until, keep)
    if len(kept) < keep:
        return [first, *kept], []
    return kept, skip_range(job, timetable, first, kept[0] - _MICROSECOND if kept else late_until, SkipReason.MISFIRE)


def _kept_of_late(job: DueJob) -> int:
    """The number of late ticks that run, the newest ones."""
    policy = MisfirePolicy(job.misfire_policy)
    if policy is MisfirePolicy.SKIP:
        return 0
    if policy is MisfirePolicy.RUN_ONCE:
        return 1
    if policy is MisfirePolicy.RUN_ALL:
        return job.misfire_limit
    assert_never(policy)


def _judged(
    job: DueJob, kept: list[datetime], skipped: list[Tick], gap: bool, next_run_time: datetime | None,
    *, left: int | None, floor: datetime,
) -> Judged:  # fmt: skip
    if left == 0:  # no tick is expected any more
        kept, skipped = [], []
    meets_nothing = job.open_since is None or job.overlap_policy == OverlapPolicy.ALLOW
    plain = meets_nothing and not skipped and kept == [job.next_run_time] and not job.shadow
    return Judged(job, kept, skipped, gap, next_run_time, left, plain, floor)


def plain_tick(judged: Judged) -> PlainTick:
    """The tick of a plain judgement, equal to what `decide` would make of it."""
    job, tick = judged.job, judged.job.next_run_time
    return PlainTick(
        job_id=job.job_id,
        at=job.at,
        read_xmin=job.read_xmin,
        scheduled_time=tick,
        pool=job.pool,
        priority=job.priority,
        next_run_time=None if judged.left == 1 else judged.next_run_time,
        delayed_until=tick + delay_of(job, tick) if job.jitter_seconds else None,
        open_since=min(tick, job.open_since) if job.open_since else None,
    )


def decide(judged: Judged, open_runs: OpenRuns) -> Decision:
    """Apply the overlap policy and max_runs. `open_runs`: those of the job, read after its row was locked. A shadow
    runs none of its ticks, whatever the policy."""
    if judged.job.shadow:
        rows, cancels = skip_ticks(judged.job, judged.kept, SkipReason.SHADOW) if judged.kept else [], False
    else:
        rows, cancels = overlapped(judged.job, judged.kept, open_runs, gap=judged.gap)
    planned = rows if judged.left is None else _up_to(judged.left, rows)
    runs = [tick for tick in planned if tick.status == ExecutionStatus.QUEUED]
    ended = judged.left is not None and len(runs) >= judged.left
    advance = Advance(
        job_id=judged.job.job_id,
        next_run_time=None if ended else judged.next_run_time,
        last_run_time=runs[-1].scheduled_time if runs else None,
        open_since=_oldest(open_runs, runs),
        runs=len(runs),
    )
    return Decision(judged.skipped + planned, advance, cancels and planned == rows)


def _up_to(left: int, planned: list[Tick]) -> list[Tick]:
    """The ticks up to the last run that max_runs allows: after it none is expected, not even to be skipped."""
    places = [place for place, tick in enumerate(planned, 1) if tick.status == ExecutionStatus.QUEUED]
    return planned[: places[left - 1]] if 0 < left <= len(places) else planned


def _oldest(open_runs: OpenRuns, runs: list[Tick]) -> datetime | None:
    """The scheduled_time of the oldest open run. A new run may be it: a caught-up tick may be older than the open
    runs."""
    if not runs:
        return open_runs.since
    return min(runs[0].scheduled_time, open_runs.since or runs[0].scheduled_time)
