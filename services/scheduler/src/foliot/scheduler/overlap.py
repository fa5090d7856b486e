"""Overlap: the fate of ticks that run by misfire policy, where earlier runs of their job are unfinished. Pure.

A tick that is planned in time meets each run that is open. After a gap a tick meets an open run only if that run was
there at the tick's own time: it follows overlap_policy as if it had been planned then. The others are caught up, one
after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from foliot.common.model.due import DueJob
from foliot.common.model.policies import OverlapPolicy, SkipReason
from foliot.common.model.skipped import skip_ticks
from foliot.common.model.states import ExecutionStatus
from foliot.common.model.ticks import OpenRuns, Tick
from foliot.scheduler.jitter import delay_of


def overlapped(job: DueJob, ticks: Sequence[datetime], open_runs: OpenRuns, *, gap: bool) -> tuple[list[Tick], bool]:
    """The rows of `ticks` (sorted), oldest first, and True if the open runs are to be cancelled before them."""
    if job.overlap_policy == OverlapPolicy.ALLOW:
        return [_run(job, tick, waits=False) for tick in ticks], False
    unfinished = open_runs.since is not None
    free = [tick for tick in ticks if not unfinished or (gap and _was_free(tick, open_runs))]
    runs = [_run(job, tick, waits=unfinished or place > 0) for place, tick in enumerate(free)]
    met = ticks[len(free) :]
    if not met:
        return runs, False
    rows, cancels = _met(job, met, one_waits=open_runs.waits or bool(free))
    return runs + rows, cancels


def _was_free(tick: datetime, open_runs: OpenRuns) -> bool:
    """True if none of the runs that are open now was there at the time of the tick."""
    return open_runs.begun is not None and tick < open_runs.begun


def _met(job: DueJob, ticks: Sequence[datetime], *, one_waits: bool) -> tuple[list[Tick], bool]:
    """Ticks at whose own time an earlier run was unfinished that still is. `one_waits`: a run waits for it already.

    Of several under `cancel_running` only the newest runs: each would have cancelled the one before it.
    """
    if job.overlap_policy == OverlapPolicy.CANCEL_RUNNING:
        return [*skip_ticks(job, ticks[:-1], SkipReason.OVERLAP), _run(job, ticks[-1], waits=True)], True
    if job.overlap_policy == OverlapPolicy.QUEUE_ONE and not one_waits:
        return [_run(job, ticks[0], waits=True), *skip_ticks(job, ticks[1:], SkipReason.OVERLAP)], False
    return skip_ticks(job, ticks, SkipReason.OVERLAP), False


def _run(job: DueJob, tick: datetime, *, waits: bool) -> Tick:
    return Tick(
        job_id=job.job_id,
        user_id=job.user_id,
        team_id=job.team_id,
        status=ExecutionStatus.QUEUED.value,
        scheduled_time=tick,
        pool=job.pool,
        priority=job.priority,
        available_at=None if waits else tick + delay_of(job, tick),
        request_id=job.request_id,
        traceparent=job.traceparent,
    )
