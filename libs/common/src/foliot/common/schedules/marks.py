"""Why a tick lies where it lies: the DST rule or the end of the window that acted on it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from foliot.common.schedules.kinds import Cron
from foliot.common.schedules.offsets import Change, changes
from foliot.common.schedules.timetable import Timetable
from foliot.common.schedules.walltimes import WallTimes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NAMED = 3
"""Missing local times that one mark names."""


def marks(timetable: Timetable, previous: datetime, tick: datetime) -> tuple[str, ...]:
    """What acted on `tick`, whose predecessor (or where the search began) is `previous`; all UTC.

    Each mark begins with the field that acted: `dst_gap: shifted from 02:30`,
    `dst_gap: 2026-03-29 02:30 skipped before this`, `dst_overlap: first of two`,
    `start_at: first tick of the window`, `end_at: last tick of the window`.
    """
    return (*_dst_marks(timetable, previous, tick), *_window_marks(timetable, tick))


def _window_marks(timetable: Timetable, tick: datetime) -> Iterator[str]:
    if timetable.start_at is not None and timetable.next_after(timetable.start_at - _MICROSECOND) == tick:
        yield "start_at: first tick of the window"
    if timetable.end_at is not None and timetable.next_after(tick) is None:
        yield "end_at: last tick of the window"


def _dst_marks(timetable: Timetable, previous: datetime, tick: datetime) -> Iterator[str]:
    cron = timetable.schedule
    if not isinstance(cron, Cron) or not cron.fixed_time:
        return
    low, high = _seconds(previous), _seconds(tick)
    near = {
        change for year in range(previous.year, tick.year + 1) for change in changes(timetable.zone, year)
    }
    walls = WallTimes(cron)
    for change in sorted(near):
        if change.after < change.before:
            yield from _overlap_mark(change, high)
        elif low < change.at <= high:
            yield from _gap_mark(timetable, walls, change, high)


def _overlap_mark(change: Change, tick: int) -> Iterator[str]:
    repeated = change.before - change.after
    if change.at - repeated <= tick < change.at:
        yield "dst_overlap: first of two"
    elif change.at <= tick < change.at + repeated:
        yield "dst_overlap: second of two"


def _gap_mark(timetable: Timetable, walls: WallTimes, change: Change, tick: int) -> Iterator[str]:
    missing = _missing(walls, change)
    if not missing:
        return
    more = ", ..." if len(missing) > _NAMED else ""
    named = missing[:_NAMED]
    landed = _clock(tick + change.after)
    if timetable.dst_gap == "skip":
        yield f"dst_gap: {', '.join(_day_and_time(wall) for wall in named)}{more} skipped before this"
    elif tick == change.at:
        same_day = all(_clock(wall).date() == landed.date() for wall in named)
        text = ", ".join(_time(wall) if same_day else _day_and_time(wall) for wall in named)
        yield f"dst_gap: shifted from {text}{more}"


def _missing(walls: WallTimes, change: Change) -> list[int]:
    """The first few local firing times (seconds) that the change leaves out."""
    found: list[int] = []
    wall = walls.next_from(change.at + change.before)
    while wall is not None and wall < change.at + change.after and len(found) <= _NAMED:
        found.append(wall)
        wall = walls.next_from(wall + 1)
    return found


def _seconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(seconds=1)


def _clock(wall: int) -> datetime:
    return _EPOCH + timedelta(seconds=wall)


def _time(wall: int) -> str:
    return _clock(wall).strftime("%H:%M:%S" if wall % 60 else "%H:%M")


def _day_and_time(wall: int) -> str:
    return f"{_clock(wall).date()} {_time(wall)}"
