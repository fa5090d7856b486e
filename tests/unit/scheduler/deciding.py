"""The decision about one due job, and its rows as tests look at them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from foliot.common.model.due import DueJob
from foliot.common.model.ticks import OpenRuns
from foliot.common.schedules.timetable import Timetable, from_fields
from foliot.scheduler.decisions import Decision, decide, judge
from support.making import NOW, a_due_job

NOTHING = OpenRuns()
UNFINISHED = OpenRuns(since=NOW - timedelta(hours=1))
ONE_WAITS = OpenRuns(since=NOW - timedelta(hours=1), waits=True)


def timetable(job: DueJob) -> Timetable:
    return from_fields(
        schedule=job.schedule,
        timezone=job.timezone,
        anchor=job.schedule_since,
        start_at=job.start_at,
        end_at=job.end_at,
    )


def plan(open_runs: OpenRuns = NOTHING, *, now: datetime = NOW, **fields: Any) -> Decision:
    job = a_due_job(**fields)
    return decide(judge(job, timetable(job), now), open_runs)


def rows(made: Decision) -> list[tuple[datetime, str, bool]]:
    """(scheduled_time, status, waits) of each row."""
    return [(t.scheduled_time, t.status, t.status == "QUEUED" and t.available_at is None) for t in made.ticks]
