"""A timetable: one immutable value that decides when a job fires."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.firetimes import FireTimes, fire_times
from foliot.common.schedules.grammar import LATEST_INSTANT, parse
from foliot.common.schedules.kinds import Cron, Every, Immediate, Instant, Schedule
from foliot.common.schedules.local import instants_of
from foliot.common.schedules.zones import zone as zone_named

DST_GAPS = ("shift", "skip")
DST_OVERLAPS = ("first", "second", "both")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)


class Timetable(msgspec.Struct, frozen=True):
    """A schedule with its zone, DST rules and window.

    All instants are aware. Ticks lie in start_at..end_at, both inclusive. `anchor` is the time when the schedule was
    set (the creation, or the last edit of the schedule). `@every d` fires first at anchor + d, or exactly at start_at
    if that is given, and then every d of elapsed time. `immediate` fires at anchor.
    """

    schedule: Schedule
    zone: ZoneInfo
    anchor: datetime
    dst_gap: str = "shift"
    dst_overlap: str = "first"
    start_at: datetime | None = None
    end_at: datetime | None = None
    _times: FireTimes | None = None
    instants: tuple[datetime, ...] = ()
    """The ticks of a schedule that fires once, oldest first, in UTC. A local time makes none where clocks skip it, and
    two where it comes twice and dst_overlap is `both`."""

    def __post_init__(self) -> None:
        if self.dst_gap not in DST_GAPS:
            raise ScheduleError(f"dst_gap is {' or '.join(DST_GAPS)}, not {self.dst_gap!a}")
        if self.dst_overlap not in DST_OVERLAPS:
            raise ScheduleError(f"dst_overlap is {', '.join(DST_OVERLAPS)}, not {self.dst_overlap!a}")
        if isinstance(self.schedule, Cron):
            times = fire_times(self.schedule, self.zone, self.dst_gap, self.dst_overlap)
            msgspec.structs.force_setattr(self, "_times", times)
        elif isinstance(self.schedule, (Immediate, Instant)):
            msgspec.structs.force_setattr(self, "instants", self._instants())

    def next_after(self, after: datetime) -> datetime | None:
        """The first tick strictly after `after`, in UTC; None if no tick follows."""
        tick = self._next(self._not_before_window(after))
        if tick is None or tick >= LATEST_INSTANT or (self.end_at is not None and tick > self.end_at):
            return None
        return tick

    def ticks(self, after: datetime, until: datetime, limit: int) -> list[datetime]:
        """The ticks in (after, until], oldest first, at most `limit`."""
        if self._times is not None:
            return self._cron_ticks(self._times, after, until, limit)
        found: list[datetime] = []
        while len(found) < limit:
            tick = self.next_after(after)
            if tick is None or tick > until:
                break
            found.append(tick)
            after = tick
        return found

    def count(self, after: datetime, until: datetime) -> int:
        """The number of ticks in (after, until], without an enumeration."""
        after, until = self._not_before_window(after), self._not_after_window(until)
        if until <= after:
            return 0
        if self._times is not None:
            return self._times.count((after - _EPOCH) // _SECOND, (until - _EPOCH) // _SECOND)
        if isinstance(self.schedule, Every):
            return self._intervals(self.schedule.interval, until) - self._intervals(self.schedule.interval, after)
        return sum(after < at <= until for at in self.instants)

    def latest(self, after: datetime, until: datetime, limit: int) -> list[datetime]:
        """The newest ticks in (after, until], oldest first, at most `limit`."""
        span = max(0, (until - after) // _SECOND + 1)
        if limit > 0 and self.count(after, until) > limit:
            # Ticks are at least a second apart, so that each further second adds at most one tick.
            span = bisect_left(range(span), limit, key=lambda n: self.count(until - n * _SECOND, until))
            after = until - span * _SECOND
        return self.ticks(after, until, limit)

    def _cron_ticks(self, times: FireTimes, after: datetime, until: datetime, limit: int) -> list[datetime]:
        """As `ticks`, with one search for all."""
        after = self._not_before_window(after)
        until = self._not_after_window(until)
        seconds = times.ticks((after - _EPOCH) // _SECOND, (until - _EPOCH) // _SECOND, limit)
        return [_EPOCH + timedelta(seconds=second) for second in seconds]

    def _not_before_window(self, after: datetime) -> datetime:
        if self.start_at is None or after >= self.start_at:
            return after
        return self.start_at - _MICROSECOND

    def _not_after_window(self, until: datetime) -> datetime:
        return min(until, LATEST_INSTANT - _MICROSECOND, self.end_at or LATEST_INSTANT)

    def _next(self, after: datetime) -> datetime | None:
        """The first tick after `after`, even beyond the window's end."""
        if self._times is not None:
            second = self._times.next_after((after - _EPOCH) // _SECOND)
            return None if second is None else _EPOCH + timedelta(seconds=second)
        if isinstance(self.schedule, Every):
            return self._next_of_interval(self.schedule.interval, after)
        return next((at for at in self.instants if at > after), None)

    def _next_of_interval(self, interval: timedelta, after: datetime) -> datetime | None:
        first = self._first_of_interval(interval)
        if after < first:
            return first
        try:
            return first + ((after - first) // interval + 1) * interval
        except OverflowError:
            return None

    def _intervals(self, interval: timedelta, until: datetime) -> int:
        """The number of ticks at or before `until`."""
        return max(0, (until - self._first_of_interval(interval)) // interval + 1)

    def _first_of_interval(self, interval: timedelta) -> datetime:
        if self.start_at is not None:
            return self.start_at.astimezone(UTC)
        try:
            return self.anchor.astimezone(UTC) + interval
        except OverflowError:  # beyond the calendar, and so beyond every window
            return datetime.max.replace(tzinfo=UTC)

    def _instants(self) -> tuple[datetime, ...]:
        if isinstance(self.schedule, Instant):
            at = self.schedule.at
            return (at,) if at.tzinfo else instants_of(at, self.zone, self.dst_gap, self.dst_overlap)
        return (self.anchor.astimezone(UTC),)


def from_fields(
    *,
    schedule: str,
    timezone: str,
    anchor: datetime,
    dst_gap: str = "shift",
    dst_overlap: str = "first",
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    spread: str = "",
) -> Timetable:
    """The timetable of a job's stored fields. Each distinct text is parsed once.

    `spread`: the team and first job_name, for `H`. Raises ScheduleError.
    """
    return Timetable(
        parse(schedule, spread=spread),
        zone_named(timezone),
        anchor,
        dst_gap=dst_gap,
        dst_overlap=dst_overlap,
        start_at=start_at,
        end_at=end_at,
    )
