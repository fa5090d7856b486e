"""What the planner read of a due job, and the timetable that its schedule means."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import msgspec

from foliot.common.schedules.timetable import Timetable, from_fields


class DueJob(msgspec.Struct, frozen=True):
    """A due job as the planner read it, without locks: the version of its row (at, read_xmin), its oldest open run
    (None: none). The fields are the columns of select_pending_jobs, in their order."""

    job_id: int
    user_id: int
    team_id: int | None
    job_name: str
    schedule: str | None
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
    at: tuple[int, int]
    read_xmin: int
    open_since: datetime | None


class ZonedJob(msgspec.Struct, frozen=True):
    """An armed job whose next tick may depend on a time zone's rules; fields as DueJob, by select_zoned_jobs."""

    job_id: int
    version: int
    team_id: int | None
    job_name: str
    schedule: str | None
    timezone: str
    schedule_since: datetime
    spread_key: str | None
    next_run_time: datetime
    dst_gap: str
    dst_overlap: str
    start_at: datetime | None
    end_at: datetime | None
    now: datetime


def due_job(row: asyncpg.Record) -> DueJob:
    """By position: by name it costs as much as judging it does."""
    return DueJob(*tuple(row)[: len(DueJob.__struct_fields__)])


def timetable_of(job: DueJob | ZonedJob) -> Timetable:
    """A job without a schedule runs once, at its next_run_time. Raises ScheduleError."""
    schedule = job.schedule
    return from_fields(
        schedule=schedule or "immediate",
        timezone=job.timezone,
        anchor=job.schedule_since if schedule else job.next_run_time,
        dst_gap=job.dst_gap,
        dst_overlap=job.dst_overlap,
        start_at=job.start_at,
        end_at=job.end_at,
        spread=job.spread_key or f"{job.team_id}:{job.job_name}",
    )
