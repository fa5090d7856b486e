"""What becomes of due ticks: misfire, overlap, the end of a schedule. Pure: no I/O, no clock.

The words and rules are the contract's (Job: overlap_policy, misfire_policy, max_runs).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from foliot.common.repositories.executions import Tick
from foliot.common.repositories.jobs import Advance, OpenRuns
from foliot.common.schedules.jitter import jitter_delay
from foliot.common.schedules.timetable import Timetable

CHUNK = 10_000
"""Ticks judged at once; of a longer gap the older half is judged first, the rest by the next step."""
ROWS_PER_DECISION = 100
"""Dropped ticks of one decision that get a row each; more get one row."""
MISFIRE = "misfire"
OVERLAP = "overlap"


class DueJob(msgspec.Struct, frozen=True, kw_only=True):
    """A due job as the planner read it, without locks."""

    job_id: int
    user_id: int
    team_id: int | None
    job_name: str
    schedule: str
    timezone: str
    schedule_since: datetime
    spread_key: str | None
    next_run_time: datetime
    overlap_policy: str
    misfire_policy: str
    misfire_grace_seconds: int
    misfire_limit: int
    dst_gap: str
    dst_overlap: str
    start_at: datetime | None
    end_at: datetime | None
    max_runs: int | None
    runs_planned: int
    jitter_seconds: int
    queue: str
    priority: int
    version: int
    request_id: str | None
    traceparent: str | None


class Judged(msgspec.Struct, frozen=True):
    """Due ticks after the misfire policy: what runs, what is dropped, what is next. `gap`: they are caught up."""

    job: DueJob
    kept: list[datetime]
    dropped: list[datetime]
    gap: bool
    next_run_time: datetime | None


class Plan(msgspec.Struct, frozen=True):
    """The rows of one job's due ticks, its own write, and whether its open attempts are to be cancelled first."""

    ticks: list[Tick]
    advance: Advance
    cancel_open: bool


def judge(job: DueJob, timetable: Timetable, now: datetime) -> Judged:
    """Apply the misfire policy, once, to all ticks due at `now`. Raises ScheduleError if a tick cannot be computed."""
    due = [job.next_run_time, *timetable.ticks(job.next_run_time, now, CHUNK)]
    truncated = len(due) > CHUNK
    if truncated:
        due = due[: CHUNK // 2]
    latest_late = now - timedelta(seconds=job.misfire_grace_seconds)
    late = [tick for tick in due if tick < latest_late]
    fresh = due[len(late) :]
    keep = 0 if truncated else {"skip": 0, "run_once": 1, "run_all": job.misfire_limit}[job.misfire_policy]
    kept_late = late[len(late) - min(keep, len(late)) :]
    kept = kept_late + fresh
    dropped = late[: len(late) - len(kept_late)]
    next_run_time = timetable.next_after(due[-1])
    if job.max_runs is not None:
        left = max(0, job.max_runs - job.runs_planned)
        if len(kept) >= left:
            kept, next_run_time = kept[:left], None
            dropped = dropped if left else []
    return Judged(job, kept, dropped, len(due) > 1 or bool(late), next_run_time)


def decide(judged: Judged, open_runs: OpenRuns) -> Plan:
    """Apply the overlap policy, with what the locked job has open."""
    job = judged.job
    ticks = _skipped(job, judged.dropped, MISFIRE)
    runs: list[Tick] = []
    cancel_open = False
    if judged.kept:
        runs, skipped, cancel_open = _overlapped(judged, open_runs)
        ticks += skipped + runs
    opened = runs[0].scheduled_time if runs else None
    advance = Advance(
        job_id=job.job_id,
        next_run_time=judged.next_run_time,
        last_run_time=runs[-1].scheduled_time if runs else None,
        open_since=open_runs.since or opened,
        runs=len(runs),
    )
    return Plan(ticks, advance, cancel_open)


def _overlapped(judged: Judged, open_runs: OpenRuns) -> tuple[list[Tick], list[Tick], bool]:
    """(runs, skipped, whether to cancel what is open) of the kept ticks."""
    job, unfinished = judged.job, open_runs.since is not None
    if job.overlap_policy == "allow":
        return [_run(job, tick, waits=False) for tick in judged.kept], [], False
    if judged.gap or not unfinished:
        first, *rest = judged.kept
        return (
            [_run(job, first, waits=unfinished), *(_run(job, tick, waits=True) for tick in rest)],
            [],
            False,
        )
    if job.overlap_policy == "cancel_running":
        return [_run(job, judged.kept[0], waits=True)], [], True
    if job.overlap_policy == "queue_one" and not open_runs.waits:
        return [_run(job, judged.kept[0], waits=True)], [], False
    return [], _skipped(job, judged.kept, OVERLAP), False


def _run(job: DueJob, tick: datetime, *, waits: bool) -> Tick:
    delay = jitter_delay(str(job.job_id), tick, job.jitter_seconds) if job.jitter_seconds else timedelta()
    return Tick(
        job_id=job.job_id, user_id=job.user_id, team_id=job.team_id, status="QUEUED", scheduled_time=tick,
        queue=job.queue, priority=job.priority, available_at=None if waits else tick + delay,
        request_id=job.request_id, traceparent=job.traceparent,
    )  # fmt: skip


def _skipped(job: DueJob, ticks: list[datetime], reason: str) -> list[Tick]:
    """A row each, or one row for many."""
    if len(ticks) > ROWS_PER_DECISION:
        return [_skip(job, ticks[0], reason, count=len(ticks), until=ticks[-1])]
    return [_skip(job, tick, reason) for tick in ticks]


def _skip(job: DueJob, tick: datetime, reason: str, *, count: int | None = None, until: datetime | None = None) -> Tick:
    return Tick(
        job_id=job.job_id, user_id=job.user_id, team_id=job.team_id, status="SKIPPED", scheduled_time=tick,
        queue=job.queue, priority=job.priority, error_message=reason, skipped_count=count, skipped_until=until,
    )  # fmt: skip
