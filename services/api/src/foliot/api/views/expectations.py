"""Which ticks a job was to have, and is to have: its definitions over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from foliot.api.jobs.rearming import fires_once
from foliot.api.queries.history import JobVersion
from foliot.common.ledger.job import Job
from foliot.common.model.states import JobStatus
from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.of_job import spread_of, timetable, timetable_of
from foliot.common.schedules.timetable import Timetable

NOT_CREATED = "NOT_CREATED"
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ENDED = (JobStatus.COMPLETED, JobStatus.FAILED)


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """The ticks in (begin, end] follow `times`. `status`: PENDING, PAUSED, CANCELLED or NOT_CREATED; `ended`: before
    `end` the schedule came to its own end, with its last row in the ledger."""

    begin: datetime
    end: datetime
    version: int
    status: str
    times: Timetable | None
    ended: bool

    def ticks(self, first: datetime, last: datetime, limit: int) -> list[datetime]:
        """Those in [first, last], oldest first."""
        if self.times is None or self.status == JobStatus.CANCELLED:
            return []
        begin = self.begin
        if self.status == NOT_CREATED and fires_once(self.times):
            return []
        if fires_once(self.times) and self.times.anchor == begin:
            begin = datetime.min.replace(tzinfo=UTC)  # set in this period, the tick belongs to it: it may lie before
        return self.times.ticks(max(begin, first - _MICROSECOND), min(self.end, last), limit)


def periods(job: Job, versions: Sequence[JobVersion]) -> list[Period]:
    """The job's life, oldest first, with the time before its creation; `versions`: rows of list_job_versions."""
    found = [
        _period(job, version, following) for version, following in zip(versions, [*versions, None][1:], strict=True)
    ]
    if not found:  # inserted by hand: it has been as it is
        found = [
            Period(
                begin=job.created_at, end=FOREVER, version=job.version, status=job.status, times=_readable(job),
                ended=_is_over(job),
            )
        ]  # fmt: skip
    before = found[0]
    if before.begin <= job.created_at:
        origin = datetime(1970, 1, 1, tzinfo=UTC)
        found.insert(
            0, msgspec.structs.replace(before, begin=origin, end=before.begin, status=NOT_CREATED, ended=False)
        )
    return found


def _period(job: Job, version: JobVersion, following: JobVersion | None) -> Period:
    ended = _is_over(job) if following is None else following.previous_status in _ENDED
    return Period(
        begin=version.valid_from, end=version.valid_to or FOREVER, version=version.version,
        status=version.status, times=_times(job, version), ended=ended,
    )  # fmt: skip


def _is_over(job: Job) -> bool:
    """Whether no tick will follow; a paused job may go on."""
    return job.next_run_time is None and job.status != JobStatus.PAUSED


def _times(job: Job, version: JobVersion) -> Timetable | None:
    try:
        return timetable(version, since=version.since, spread=spread_of(job))
    except ScheduleError:
        return None  # a zone that this release's tzdata does not know any more


def _readable(job: Job) -> Timetable | None:
    try:
        return timetable_of(job)
    except ScheduleError:
        return None


def expected(life: Sequence[Period], first: datetime, last: datetime, limit: int) -> Iterator[tuple[datetime, Period]]:
    """Each expected tick in [first, last] with its period, oldest first, at most `limit` a period."""
    for period in life:
        if period.begin <= last and period.end >= first:
            for tick in period.ticks(first, last, limit):
                yield tick, period
