"""A zone as the changes of its UTC offset."""

from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 86_400
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_PROBE = 5 * DAY
"""No offset of any zone lasts less than 6.9 days (tzdata 2026.6), so a probe every fifth day finds all."""


class Change(NamedTuple):
    """At `at` (UTC, seconds since 1970) the offset from UTC goes from `before` to `after` (seconds)."""

    at: int
    before: int
    after: int


def year_start(year: int) -> int:
    """UTC seconds since 1970 of January 1st."""
    return (date(year, 1, 1).toordinal() - EPOCH_ORDINAL) * DAY


def offset_at(zone: ZoneInfo, instant: int) -> int:
    """Seconds that local time is ahead of UTC at an instant (UTC seconds since 1970)."""
    offset = datetime.fromtimestamp(instant, zone).utcoffset()
    assert offset is not None
    return offset.days * DAY + offset.seconds


@lru_cache(maxsize=4096)
def changes(zone: ZoneInfo, year: int) -> tuple[Change, ...]:
    """All changes from five days before a year (UTC) to five days after it, oldest first."""
    found: list[Change] = []
    low, end = year_start(year) - _PROBE, year_start(year + 1) + _PROBE
    before = offset_at(zone, low)
    while low < end:
        high = min(low + _PROBE, end)
        after = offset_at(zone, high)
        if after != before:
            found.append(Change(_moment_of_change(zone, low, high, before), before, after))
        low, before = high, after
    return tuple(found)


def _moment_of_change(zone: ZoneInfo, low: int, high: int, before: int) -> int:
    """The first second of (low, high] whose offset is not `before`."""
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high
