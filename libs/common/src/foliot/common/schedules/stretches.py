"""Stretches: parts of the UTC time line with one offset, and the local times that count in them under the DST rules."""

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from foliot.common.schedules.offsets import Change, changes, offset_at, year_start


class Stretch(NamedTuple):
    """A stretch in which local time is UTC + `offset`; its local times count in [begin, end). UTC seconds since 1970.

    `start` is the instant of an offset change. `gap` seconds of local time are missing right before it, and ticks in
    the gap fire at `start`; 0 if nothing is missing or the rule skips it. `begin` is later than `start` if the
    stretch begins with repeated local times that do not count again.
    """

    start: int
    begin: int
    end: int
    offset: int
    gap: int


@lru_cache(maxsize=4096)
def stretches(zone: ZoneInfo, year: int, shift: bool, overlap: str) -> tuple[Stretch, ...]:
    """The stretches that cover one UTC year, oldest first; the outer ones may reach a few days beyond it.

    `shift`: a local time that does not exist fires at the end of the gap. `overlap`: the pass that counts if a local
    time comes twice: `first`, `second` or `both`.
    """
    first, last = year_start(year), year_start(year + 1)
    known = changes(zone, year)
    before = known[0].before if known else offset_at(zone, first)
    after = known[-1].after if known else before
    edges = (Change(first, before, before), *known, Change(last, after, after))
    found = (_between(left, right, shift, overlap) for left, right in pairwise(edges))
    return tuple(stretch for stretch in found if stretch.end > first and stretch.start < last)


def _between(left: Change, right: Change, shift: bool, overlap: str) -> Stretch:
    gained, lost = left.after - left.before, right.before - right.after
    begin = left.at - gained if gained < 0 and overlap == "first" else left.at
    end = right.at - lost if lost > 0 and overlap == "second" else right.at
    return Stretch(left.at, begin, end, left.after, gained if gained > 0 and shift else 0)
