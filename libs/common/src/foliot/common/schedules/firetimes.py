"""Fire times: the instants at which a cron expression fires in a zone."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from foliot.common.schedules.kinds import Cron
from foliot.common.schedules.offsets import DAY_SECONDS, EPOCH_ORDINAL, year_start
from foliot.common.schedules.stretches import Stretch, stretches
from foliot.common.schedules.walltimes import LAST_YEAR, SEARCH_YEARS, Lookahead, WallTimes

_ANSWERS_KEPT = 128
"""Number of answers kept per expression: enough for an outage of two hours of a minutely job."""
_MARGIN = 2 * DAY_SECONDS
"""Seconds: no local time is farther from UTC."""
EARLIEST, LATEST = year_start(2), year_start(LAST_YEAR + 1)
"""UTC seconds since 1970. All ticks lie in [EARLIEST, LATEST), so that each has a local time in every zone."""


class FireTimes:
    """The fire times of one expression in one zone under its DST rules; made by `fire_times`.

    It remembers its latest answers, because thousands of jobs share `* * * * *`. They are plain numbers, which cost
    the garbage collector nothing.
    """

    __slots__ = ("_known", "_latest", "_overlap", "_shift", "_walls", "_zone")

    def __init__(self, cron: Cron, zone: ZoneInfo, dst_gap: str, dst_overlap: str) -> None:
        self._walls = WallTimes(cron)
        self._zone = zone
        # Other expressions follow elapsed time: each local time fires as often as it exists.
        self._shift = cron.fixed_time and dst_gap == "shift"
        self._overlap = dst_overlap if cron.fixed_time else "both"
        self._known: dict[int, int | None] = {}
        self._latest = (0, 0)

    def next_after(self, after: int) -> int | None:
        """The earliest tick strictly after `after` (UTC seconds since 1970); None if none follows in 41 years."""
        asked, tick = self._latest
        if asked <= after < tick:  # no tick lies between them
            return tick
        known = self._known
        if after not in known:
            if len(known) >= _ANSWERS_KEPT:
                known.clear()
            known[after] = next(self._ticks_from(after + 1), None)
            self._latest = (after, known[after] or after)
        return known[after]

    def ticks(self, after: int, until: int, limit: int) -> list[int]:
        """The ticks in (after, until], oldest first, at most `limit`: one search for all, at a fraction of the cost."""
        return list(takewhile(lambda tick: tick <= until, islice(self._ticks_from(after + 1), limit)))

    def count(self, after: int, until: int) -> int:
        """The number of ticks in (after, until], without an enumeration."""
        first, end = max(after + 1, EARLIEST), min(until + 1, LATEST)
        if first >= end:
            return 0
        years = range(_year_of(first), _year_of(end - 1) + 1)
        return sum(self._count_in_year(year, first, end) for year in years)

    def _count_in_year(self, year: int, first: int, end: int) -> int:
        first, end = max(first, year_start(year)), min(end, year_start(year + 1))
        return sum(
            _count_in(stretch, first, end, self._walls)
            for stretch in stretches(self._zone, year, self._shift, self._overlap)
            if stretch.start < end and first < stretch.end
        )

    def _ticks_from(self, earliest: int) -> Iterator[int]:
        """All ticks from `earliest` on, until none follows within 41 years."""
        earliest = max(earliest, EARLIEST)
        if earliest >= LATEST:
            return
        ahead = Lookahead(self._walls)
        year = _year_of(earliest)
        last_year = year + SEARCH_YEARS
        while year <= min(last_year, LAST_YEAR):
            if not ahead.known_empty(year_start(year) - _MARGIN, year_start(year + 1) + _MARGIN):
                for tick in self._ticks_of_year(year, earliest, ahead):
                    yield tick
                    earliest, last_year = tick + 1, year + SEARCH_YEARS
            year += 1

    def _ticks_of_year(self, year: int, earliest: int, ahead: Lookahead) -> Iterator[int]:
        for stretch in stretches(self._zone, year, self._shift, self._overlap):
            if stretch.end > earliest:
                yield from _ticks_in(stretch, earliest, ahead)


def _ticks_in(stretch: Stretch, earliest: int, ahead: Lookahead) -> Iterator[int]:
    """The ticks of a stretch from `earliest` (UTC seconds) on."""
    first, end = max(stretch.begin, earliest) + stretch.offset, stretch.end + stretch.offset
    missing = stretch.gap if stretch.start >= earliest else 0
    wall = ahead.first_from(first - missing)
    if wall < first:
        yield stretch.start
        wall = ahead.first_from(first + 1)
    while wall < end:
        yield wall - stretch.offset
        wall = ahead.first_from(wall + 1)


def _count_in(stretch: Stretch, first: int, end: int, walls: WallTimes) -> int:
    """The number of ticks of a stretch in [first, end) (UTC seconds)."""
    low, high = max(stretch.begin, first) + stretch.offset, min(stretch.end, end) + stretch.offset
    missing = stretch.gap if first <= stretch.start < end else 0
    shifted = missing > 0 and walls.count(low - missing, low) > 0
    return shifted + max(0, walls.count(low + shifted, high)) if low < high else int(shifted)


def _year_of(second: int) -> int:
    return date.fromordinal(second // DAY_SECONDS + EPOCH_ORDINAL).year


@lru_cache(maxsize=4096)
def fire_times(cron: Cron, zone: ZoneInfo, dst_gap: str, dst_overlap: str) -> FireTimes:
    """The FireTimes of these arguments, one object for all jobs that share them."""
    return FireTimes(cron, zone, dst_gap, dst_overlap)
