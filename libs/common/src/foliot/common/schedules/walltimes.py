"""Wall times: the local times at which a cron expression fires, as if no clock were ever changed."""

from bisect import bisect_left
from datetime import date

from foliot.common.schedules.days import days_allowed, length_of
from foliot.common.schedules.kinds import Cron
from foliot.common.schedules.offsets import DAY_SECONDS, EPOCH_ORDINAL

SEARCH_YEARS = 41
"""Years after which a search gives up. The rarest date is a February 29th on a given weekday: 40 years apart if 2100
lies between."""
LAST_YEAR = 9998
"""The last year with ticks: of each instant before 9999 every zone's local time is a date that Python has."""
NEVER = 1 << 62
"""Seconds, later than any instant: no firing was found within SEARCH_YEARS."""


class WallTimes:
    """The firings of one expression, in local seconds since 1970-01-01T00:00:00."""

    __slots__ = ("_cron", "_days", "_first_time", "_first_within_hour")

    def __init__(self, cron: Cron) -> None:
        self._cron = cron
        self._first_within_hour = cron.minutes[0] * 60 + cron.seconds[0]
        self._first_time = cron.hours[0] * 3600 + self._first_within_hour
        self._days: dict[int, int] = {}

    def next_from(self, wall: int, day_allowed: bool = False) -> int:
        """The earliest firing at or after `wall`, or NEVER. `day_allowed`: the day of `wall` is known to fit."""
        day, time = divmod(wall, DAY_SECONDS)
        found_day = day if day_allowed else self._next_day(day)
        if found_day == day:
            found_time = self._next_time(time)
            if found_time is not None:
                return day * DAY_SECONDS + found_time
            found_day = self._next_day(day + 1)
        return NEVER if found_day is None else found_day * DAY_SECONDS + self._first_time

    def count(self, low: int, high: int) -> int:
        """The number of firings in [low, high), without an enumeration."""
        (first_day, first_time), (last_day, last_time) = divmod(low, DAY_SECONDS), divmod(high, DAY_SECONDS)
        whole = self._days_between(first_day, last_day) * self._before(DAY_SECONDS)
        return whole + self._begun(last_day, last_time) - self._begun(first_day, first_time)

    def _begun(self, day: int, time: int) -> int:
        """The number of firings of a day before a time of day."""
        return self._before(time) if self._days_between(day, day + 1) else 0

    def _before(self, time: int) -> int:
        """The number of firings before `time` (seconds since midnight), on a day that fits."""
        cron = self._cron
        hour, minute, second = time // 3600, time // 60 % 60, time % 60
        i, j, k = bisect_left(cron.hours, hour), bisect_left(cron.minutes, minute), bisect_left(cron.seconds, second)
        in_hour = i < len(cron.hours) and cron.hours[i] == hour
        in_minute = in_hour and j < len(cron.minutes) and cron.minutes[j] == minute
        return (i * len(cron.minutes) + in_hour * j) * len(cron.seconds) + in_minute * k

    def _days_between(self, first: int, end: int) -> int:
        """The number of allowed days in [first, end) (days since 1970)."""
        found = 0
        while first < end:
            day = date.fromordinal(first + EPOCH_ORDINAL)
            length = min(length_of(day.year, day.month) + 1 - day.day, end - first)
            if day.month in self._cron.months:
                within = ((1 << length) - 1) << day.day
                found += (self._days_of(day.year, day.month) & within).bit_count()
            first += length
        return found

    def _next_time(self, time: int) -> int | None:
        """The earliest firing at or after `time` on the same day, in seconds since midnight."""
        hour, rest = divmod(time, 3600)
        hours = self._cron.hours
        i = bisect_left(hours, hour)
        if i < len(hours) and hours[i] == hour:
            within = self._next_within_hour(rest)
            if within is not None:
                return hour * 3600 + within
            i += 1
        return hours[i] * 3600 + self._first_within_hour if i < len(hours) else None

    def _next_within_hour(self, time: int) -> int | None:
        """The earliest firing at or after `time` in the same hour, in seconds since the hour began."""
        minute, second = divmod(time, 60)
        minutes, seconds = self._cron.minutes, self._cron.seconds
        i = bisect_left(minutes, minute)
        if i < len(minutes) and minutes[i] == minute:
            j = bisect_left(seconds, second)
            if j < len(seconds):
                return minute * 60 + seconds[j]
            i += 1
        return minutes[i] * 60 + seconds[0] if i < len(minutes) else None

    def _next_day(self, day: int) -> int | None:
        """The earliest allowed day at or after `day` (days since 1970)."""
        today = date.fromordinal(day + EPOCH_ORDINAL)
        year, month, first = today.year, today.month, today.day
        last_year = min(year + SEARCH_YEARS, LAST_YEAR)
        while year <= last_year:
            if month in self._cron.months:
                left = self._days_of(year, month) >> first << first
                if left:
                    found = (left & -left).bit_length() - 1
                    return date(year, month, found).toordinal() - EPOCH_ORDINAL
            year, month, first = (year, month + 1, 1) if month < 12 else (year + 1, 1, 1)
        return None

    def _days_of(self, year: int, month: int) -> int:
        length, first_weekday = length_of(year, month), date(year, month, 1).isoweekday() % 7
        shape = length * 7 + first_weekday
        allowed = self._days.get(shape)
        if allowed is None:
            allowed = self._days[shape] = days_allowed(self._cron, length, first_weekday)
        return allowed


class Lookahead:
    """The next firing from a local time on. It is remembered while it answers later questions too."""

    __slots__ = ("_found", "_low", "_walls")

    def __init__(self, walls: WallTimes) -> None:
        self._walls = walls
        self._low, self._found = 0, -NEVER

    def first_from(self, wall: int) -> int:
        """The earliest firing at or after `wall`, or NEVER."""
        if not self._low <= wall <= self._found:
            self._low, self._found = (
                wall,
                self._walls.next_from(wall, wall // DAY_SECONDS == self._found // DAY_SECONDS),
            )
        return self._found

    def known_empty(self, low: int, high: int) -> bool:
        """True if the last answer shows that nothing fires in [low, high)."""
        return self._low <= low and high <= self._found
