"""The ticks that a job was to have, and is to have, according to its definitions over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from foliot.api.queries.bounds import FIRST_TIME, LAST_TIME
from foliot.api.queries.history import JobVersion
from foliot.common.ledger.job import Job
from foliot.common.ledger.resuming import fires_once
from foliot.common.model.states import JobStatus
from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.of_job import spread_of, timetable, timetable_of
from foliot.common.schedules.timetable import Timetable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every job: the ticks of the time before a job's creation are shown from here on."""
_MICROSECOND = timedelta(microseconds=1)
_AT_OWN_END = (JobStatus.COMPLETED, JobStatus.FAILED)
"""Statuses of a job whose schedule came to its own end."""


class Unrecorded(StrEnum):
    """The outcome of an expected tick that has no row in the ledger."""

    TO_COME = "TO_COME"
    """Not planned yet."""
    PAUSED = "PAUSED"
    """The job is paused at that time, so that no run is expected."""
    NOT_CREATED = "NOT_CREATED"
    """The job did not exist yet; its first definition would have had this tick."""
    EXPIRED = "EXPIRED"
    """Its month is dropped from history."""
    MISSING = "MISSING"
    """It should have a row. This must never be: a tick was lost."""


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which one definition was in force: the ticks in (begin, end] follow `times`.

    `status`: the stored one of the job then, or NOT_CREATED. `times`: None if it cannot be read any more. `ran_out`:
    the schedule came to its own end before `end`, with its last row in the ledger.
    """

    begin: datetime
    end: datetime
    version: int
    status: str
    times: Timetable | None
    ran_out: bool

    def ticks(self, first: datetime, last: datetime, limit: int) -> list[datetime]:
        """The expected ones in [first, last], oldest first: the oldest `limit` of them."""
        begin = self._expects_from()
        if self.times is None or begin is None:
            return []
        return self.times.ticks(max(begin, first - _MICROSECOND), min(self.end, last), limit)

    def latest(self, first: datetime, last: datetime, limit: int) -> list[datetime]:
        """As `ticks`, the newest `limit` of them."""
        begin = self._expects_from()
        if self.times is None or begin is None:
            return []
        return self.times.latest(max(begin, first - _MICROSECOND), min(self.end, last), limit)

    def _expects_from(self) -> datetime | None:
        """Ticks lie after this instant; None: there are none."""
        if self.times is None or self.status == JobStatus.CANCELLED:
            return None
        if fires_once(self.times):
            if self.status == Unrecorded.NOT_CREATED:
                return None
            if self.times.anchor == self.begin:
                return FIRST_TIME  # its one tick may lie before the moment at which it was set
        return self.begin


def periods_of(job: Job, versions: Sequence[JobVersion]) -> list[Period]:
    """Oldest first, with the time before the job's creation. `versions`: oldest first, as list_job_versions gives."""
    following = [*versions, None][1:]
    periods = [_period(job, version, after) for version, after in zip(versions, following, strict=True)]
    if not periods:  # inserted by hand: its definition never changed
        periods = [
            Period(
                begin=job.created_at, end=LAST_TIME, version=job.version, status=job.status,
                times=_timetable_of(job), ran_out=_has_run_out(job),
            )
        ]  # fmt: skip
    first = periods[0]
    if first.begin > job.created_at:
        return periods
    before = msgspec.structs.replace(first, begin=_EPOCH, end=first.begin, status=Unrecorded.NOT_CREATED, ran_out=False)
    return [before, *periods]


def expected_ticks(
    periods: Sequence[Period], first: datetime, last: datetime, limit: int
) -> Iterator[tuple[datetime, Period]]:
    """Each expected tick in [first, last] with its period, oldest first, at most `limit` a period."""
    for period in periods:
        if period.begin <= last and period.end >= first:
            for tick in period.ticks(first, last, limit):
                yield tick, period


def latest_ticks(
    periods: Sequence[Period], first: datetime, last: datetime, limit: int
) -> list[tuple[datetime, Period]]:
    """The newest `limit` expected ticks in [first, last], each with its period, oldest first."""
    found: list[tuple[datetime, Period]] = []
    for period in reversed(periods):
        if period.begin <= last and period.end >= first and len(found) < limit:
            found[:0] = [(tick, period) for tick in period.latest(first, last, limit - len(found))]
    return found


def _period(job: Job, version: JobVersion, following: JobVersion | None) -> Period:
    ran_out = _has_run_out(job) if following is None else following.previous_status in _AT_OWN_END
    return Period(
        begin=version.valid_from, end=version.valid_to or LAST_TIME, version=version.version,
        status=version.status, times=_timetable_then(job, version), ran_out=ran_out,
    )  # fmt: skip


def _has_run_out(job: Job) -> bool:
    """True if no tick will follow; a paused job may go on."""
    return job.next_run_time is None and job.status != JobStatus.PAUSED


def _timetable_then(job: Job, version: JobVersion) -> Timetable | None:
    try:
        return timetable(version, since=version.since, spread=spread_of(job))
    except ScheduleError:
        return None  # in a zone that this release's tzdata does not have any more


def _timetable_of(job: Job) -> Timetable | None:
    try:
        return timetable_of(job)
    except ScheduleError:
        return None
