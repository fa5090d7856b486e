"""Where on the UTC time line local clock times count, under the DST rules."""

from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from foliot.common.schedules.offsets import Change, changes, offset_at, year_start


class Stretch(NamedTuple):
    """Local time is UTC + `offset` in [begin, end); UTC seconds since 1970.

    `gap` seconds of local time are missing right before `start`, the instant of an offset change, and what
    falls in them fires at `start`; 0 if nothing is missing or the rule is to skip it. `begin` lies after
    `start` where the beginning repeats local times that do not count again.
    """

    start: int
    begin: int
    end: int
    offset: int
    gap: int


@lru_cache(maxsize=8192)
def stretches(zone: ZoneInfo, year: int, *, shift: bool, overlap: str) -> tuple[Stretch, ...]:
    """The stretches of one UTC year, oldest first.

    `shift`: a local time that does not exist fires at the end of the gap; `overlap`: which pass of a local
    time that comes twice counts, `first`, `second` or `both`.
    """
    first, last = year_start(year), year_start(year + 1)
    found: list[Stretch] = []
    previous: Change | None = None
    for change in (*changes(zone, year), None):
        found.append(_between(zone, previous, change, first, last, shift=shift, overlap=overlap))
        previous = change
    return tuple(stretch for stretch in found if stretch.end > first and stretch.start < last)


def _between(
    zone: ZoneInfo,
    left: Change | None,
    right: Change | None,
    first: int,
    last: int,
    *,
    shift: bool,
    overlap: str,
) -> Stretch:
    start = first if left is None else left.at
    begin, end, gap = start, last if right is None else right.at, 0
    if left is not None:
        gained = left.after - left.before
        if gained > 0 and shift and start >= first:
            gap = gained
        if gained < 0 and overlap == "first":
            begin = start - gained
    if right is not None and right.after < right.before and overlap == "second":
        end -= right.before - right.after
    return Stretch(start, max(begin, first), min(end, last), offset_at(zone, start), gap)
