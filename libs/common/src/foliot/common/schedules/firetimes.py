"""The instants at which a cron expression fires in a zone."""

from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from foliot.common.schedules.kinds import Cron
from foliot.common.schedules.offsets import DAY, EPOCH_ORDINAL, year_start
from foliot.common.schedules.stretches import Stretch, stretches
from foliot.common.schedules.walltimes import LAST_YEAR, SEARCH_YEARS, Lookahead, WallTimes

_REMEMBERED = 128
"""Answers of one expression: those of a two-hour outage of a minutely job fit."""
_MARGIN = 2 * DAY
"""Local time is never farther from UTC than this."""
EARLIEST, LATEST = year_start(2), year_start(LAST_YEAR + 1)
"""Ticks lie in [EARLIEST, LATEST), so that each has a local time in every zone."""


class FireTimes:
    """One expression in one zone under its DST rules; made by `fire_times`.

    Remembers its latest answers, because thousands of jobs share `* * * * *`: numbers only, which cost the
    garbage collector nothing.
    """

    __slots__ = ("_known", "_overlap", "_shift", "_walls", "_zone")

    def __init__(self, cron: Cron, zone: ZoneInfo, dst_gap: str, dst_overlap: str) -> None:
        self._walls = WallTimes(cron)
        self._zone = zone
        # What is not fixed-time follows elapsed time: what exists, as often as it exists.
        self._shift = cron.fixed_time and dst_gap == "shift"
        self._overlap = dst_overlap if cron.fixed_time else "both"
        self._known: dict[int, int | None] = {}

    def next_after(self, after: int) -> int | None:
        """The earliest tick strictly after `after` (UTC seconds since 1970); None if none in 41 years."""
        known = self._known
        if after not in known:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[after] = self._search(after)
        return known[after]

    def _search(self, after: int) -> int | None:
        earliest = max(after + 1, EARLIEST)
        if earliest >= LATEST:
            return None
        year = date.fromordinal(earliest // DAY + EPOCH_ORDINAL).year
        ahead = Lookahead(self._walls)
        for each in range(year, min(year + SEARCH_YEARS, LAST_YEAR) + 1):
            if each > year and ahead.known_empty(year_start(each) - _MARGIN, year_start(each + 1) + _MARGIN):
                continue
            for stretch in stretches(self._zone, each, self._shift, self._overlap):
                if stretch.end > earliest:
                    tick = _first_in(stretch, earliest, ahead)
                    if tick is not None:
                        return tick
        return None


def _first_in(stretch: Stretch, earliest: int, ahead: Lookahead) -> int | None:
    """The earliest tick of a stretch that is not before `earliest` (UTC seconds)."""
    wanted = max(stretch.begin, earliest) + stretch.offset
    missing = stretch.gap if stretch.start >= earliest else 0
    found = ahead.first_from(wanted - missing)
    if found < wanted:
        return stretch.start
    return found - stretch.offset if found < stretch.end + stretch.offset else None


@lru_cache(maxsize=4096)
def fire_times(cron: Cron, zone: ZoneInfo, dst_gap: str, dst_overlap: str) -> FireTimes:
    """The FireTimes of these arguments, shared by all jobs that have them in common."""
    return FireTimes(cron, zone, dst_gap, dst_overlap)
