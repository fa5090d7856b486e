"""Marks of a tick: the DST rule or the end of the window that put it where it lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from foliot.common.schedules.firetimes import fire_times
from foliot.common.schedules.kinds import Cron
from foliot.common.schedules.offsets import Change, changes
from foliot.common.schedules.timetable import Timetable
from foliot.common.schedules.walltimes import WallTimes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_NAMED = 3
"""Missing local times that one mark names; more become dots."""


def marks(timetable: Timetable, previous: datetime, tick: datetime) -> tuple[str, ...]:
    """The marks of `tick`; `previous` is the tick before it, or where the search began. Both in UTC.

    Each mark begins with the field that acted: `dst_gap: shifted from 02:30`,
    `dst_gap: 2026-03-29 02:30 skipped before this`, `dst_overlap: first of two`,
    `start_at: first tick of the window`, `end_at: last tick of the window`.
    """
    return (*_dst_marks(timetable, previous, tick), *_window_marks(timetable, previous, tick))


def mark_of_hours(timetable: Timetable, tick: datetime) -> Iterator[str]:
    """The mark of an expression that names all hours, where clocks change: it reads as every hour and is fixed-time."""
    cron = timetable.schedule
    if not isinstance(cron, Cron) or not cron.fixed_time or len(cron.hours) < 24:
        return
    if any(changes(timetable.zone, year) for year in (tick.year, tick.year + 1)):
        yield "dst_gap, dst_overlap: all hours are named, so they are local hours; * would follow elapsed time"


def _window_marks(timetable: Timetable, previous: datetime, tick: datetime) -> Iterator[str]:
    if timetable.start_at is not None and previous < timetable.start_at <= tick:
        yield "start_at: first tick of the window"
    if timetable.end_at is not None and timetable.next_after(tick) is None:
        yield "end_at: last tick of the window"


def _dst_marks(timetable: Timetable, previous: datetime, tick: datetime) -> Iterator[str]:
    cron = timetable.schedule
    if not isinstance(cron, Cron) or not cron.fixed_time:
        return
    for change in changes(timetable.zone, tick.year):
        if change.after < change.before:
            yield from _overlap_mark(change, _seconds(tick))
        elif timetable.dst_gap == "shift" and change.at == _seconds(tick):
            yield from _shift_mark(WallTimes(cron), change)
    if timetable.dst_gap == "skip":
        yield from _skip_marks(timetable, cron, previous, tick)


def _overlap_mark(change: Change, tick: int) -> Iterator[str]:
    repeated = change.before - change.after
    if change.at - repeated <= tick < change.at:
        yield "dst_overlap: first of two"
    elif change.at <= tick < change.at + repeated:
        yield "dst_overlap: second of two"


def _shift_mark(walls: WallTimes, change: Change) -> Iterator[str]:
    missing = _missing(walls, change)
    if missing:
        day = _clock(change.at + change.after).date()
        same_day = all(_clock(wall).date() == day for wall in missing)
        yield f"dst_gap: shifted from {_listed(missing, _time if same_day else _day_and_time)}"


def _skip_marks(timetable: Timetable, cron: Cron, previous: datetime, tick: datetime) -> Iterator[str]:
    """Local times skipped since the previous tick: found by asking where the rule `shift` would have fired."""
    shifted = fire_times(cron, timetable.zone, "shift", timetable.dst_overlap)
    at = shifted.next_after(_seconds(previous))
    while at is not None and at <= _seconds(tick):
        for change in changes(timetable.zone, _clock(at).year):
            if change.at == at and change.after > change.before:
                missing = _missing(WallTimes(cron), change)
                yield f"dst_gap: {_listed(missing, _day_and_time)} skipped before this"
        at = shifted.next_after(at)


def _listed(walls: list[int], form: Callable[[int], str]) -> str:
    return ", ".join(form(wall) for wall in walls[:_MAX_NAMED]) + (", ..." if len(walls) > _MAX_NAMED else "")


def _missing(walls: WallTimes, change: Change) -> list[int]:
    """The first few local firing times that the change leaves out, in seconds."""
    found: list[int] = []
    wall = walls.next_from(change.at + change.before)
    while wall < change.at + change.after and len(found) <= _MAX_NAMED:
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
