"""SKIPPED rows: they cover the ticks that will not run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from foliot.common.model.ticks import Tick
from foliot.common.schedules.timetable import Timetable

ROWS_PER_DECISION = 100
"""Number of dropped ticks of one decision that get a row each. More get one row together: an outage of a week drops
600,000 ticks of a job that fires every second."""


class Owner(Protocol):
    """The fields of a job that its rows carry."""

    @property
    def job_id(self) -> int: ...
    @property
    def user_id(self) -> int: ...
    @property
    def team_id(self) -> int | None: ...
    @property
    def pool(self) -> str: ...
    @property
    def priority(self) -> int: ...


def skip_range(job: Owner, timetable: Timetable, first: datetime, until: datetime, reason: str) -> list[Tick]:
    """The rows that cover the tick `first` and every later one up to and including `until`."""
    count = 1 + timetable.count(first, until)
    if count <= ROWS_PER_DECISION:
        return skip_ticks(job, [first, *timetable.ticks(first, until, count)], reason)
    (last,) = timetable.latest(first, until, 1)
    return [skip(job, first, reason, count=count, until=last)]


def skip_ticks(job: Owner, ticks: Sequence[datetime], reason: str) -> list[Tick]:
    """The rows that cover these ticks, which follow one another without a hole."""
    if len(ticks) <= ROWS_PER_DECISION:
        return [skip(job, tick, reason) for tick in ticks]
    return [skip(job, ticks[0], reason, count=len(ticks), until=ticks[-1])]


def skip(job: Owner, tick: datetime, reason: str, *, count: int | None = None, until: datetime | None = None) -> Tick:
    """The row of one tick, or of `count` from `tick` to `until`."""
    return Tick(
        job_id=job.job_id, user_id=job.user_id, team_id=job.team_id, status="SKIPPED", scheduled_time=tick,
        pool=job.pool, priority=job.priority, error_message=reason, skipped_count=count, skipped_until=until,
    )  # fmt: skip
