"""A zone as the changes of its UTC offset."""

from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY_SECONDS = 86_400
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_PROBE = 5 * DAY_SECONDS
"""Seconds between two probes: every offset of a zone lasts at least 6.9 days (tzdata 2026.6), so none is missed."""


class Change(NamedTuple):
    """At `at` (UTC, seconds since 1970) the offset from UTC goes from `before` to `after` (seconds)."""

    at: int
    before: int
    after: int


def year_start(year: int) -> int:
    """January 1st of a year, in UTC seconds since 1970."""
    return (date(year, 1, 1).toordinal() - EPOCH_ORDINAL) * DAY_SECONDS


def offset_at(zone: ZoneInfo, instant: int) -> int:
    """Local time minus UTC, in seconds, at an instant (UTC seconds since 1970)."""
    offset = datetime.fromtimestamp(instant, zone).utcoffset()
    assert offset is not None
    return offset.days * DAY_SECONDS + offset.seconds


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
