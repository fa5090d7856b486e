"""The timetable of a job: the one place that turns a job's fields into ticks.

The planner, an edit, a preview and the timeline all call it, so that they cannot disagree about when a job fires.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from foliot.common.schedules.grammar import parse
from foliot.common.schedules.kinds import Cron, Schedule
from foliot.common.schedules.timetable import Timetable, from_fields


class Scheduled(Protocol):
    """The fields that make a timetable: of a job, a definition, a former version or a preview."""

    @property
    def schedule(self) -> str | None: ...
    @property
    def timezone(self) -> str: ...
    @property
    def dst_gap(self) -> str: ...
    @property
    def dst_overlap(self) -> str: ...
    @property
    def start_at(self) -> datetime | None: ...
    @property
    def end_at(self) -> datetime | None: ...


class Spread(Protocol):
    """The fields of a stored job that decide how `H` spreads its ticks."""

    @property
    def team_id(self) -> int | None: ...
    @property
    def job_name(self) -> str: ...
    @property
    def spread_key(self) -> str | None: ...


class ScheduledJob(Scheduled, Spread, Protocol):
    """A stored job. `since`: the anchor, which is the time when its schedule was set."""

    @property
    def since(self) -> datetime: ...


def spread_key(team_id: int | None, job_name: str) -> str:
    """The text whose hash spreads `H`: team and first name. The job stores it, so that a rename moves no tick."""
    return f"{team_id}:{job_name}"


def spread_of(job: Spread) -> str:
    """The stored key. A row that was inserted by hand has none: its current team and name take the place."""
    return job.spread_key or spread_key(job.team_id, job.job_name)


def timetable_of(job: ScheduledJob) -> Timetable:
    """The timetable of a stored job. Raises ScheduleError."""
    return timetable(job, since=job.since, spread=spread_of(job))


def meaning_of(job: ScheduledJob) -> Schedule:
    """The schedule of a job without the text that it was written as. Raises ScheduleError."""
    schedule = parse(job.schedule or "immediate", spread=spread_of(job))
    return msgspec.structs.replace(schedule, expression="") if isinstance(schedule, Cron) else schedule


def timetable(fields: Scheduled, *, since: datetime, spread: str) -> Timetable:
    """A schedule that was set at `since`. Without a text it is `immediate`: one run. Raises ScheduleError."""
    return from_fields(
        schedule=fields.schedule or "immediate",
        timezone=fields.timezone,
        anchor=since,
        dst_gap=fields.dst_gap,
        dst_overlap=fields.dst_overlap,
        start_at=fields.start_at,
        end_at=fields.end_at,
        spread=spread,
    )
