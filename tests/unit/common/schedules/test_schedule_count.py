"""Ticks counted, and the newest of a range found, without looking at each: as if each had been looked at."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.timetable import Timetable, from_fields
from oracle.cases import case

MOST = 5_000


def tables(numbers: range) -> list[tuple[Timetable, datetime]]:
    """The comparison's random cases: all zones, both DST rules, 2000 to 2040."""
    found = []
    for number in numbers:
        drawn = case(number, "count")
        fields = {"dst_gap": drawn.dst_gap, "dst_overlap": drawn.dst_overlap, "anchor": drawn.after}
        try:
            found.append((from_fields(schedule=drawn.expression, timezone=drawn.zone, **fields), drawn.after))
        except ScheduleError:
            continue
    return found


def test_count_and_latest_agree_with_the_ticks() -> None:
    draw = random.Random(7)
    compared = 0
    for table, after in tables(range(100)):
        until = after + timedelta(seconds=draw.randrange(400 * 86_400))
        ticks = table.ticks(after, until, MOST)
        if len(ticks) == MOST:
            until = ticks[-1]
        assert table.count(after, until) == len(ticks), (table, after, until)
        limit = draw.choice([0, 1, 2, 100, len(ticks), len(ticks) + 1])
        assert table.latest(after, until, limit) == ticks[max(0, len(ticks) - limit) :], (table, after, until, limit)
        compared += len(ticks)
    assert compared > 20_000


@pytest.mark.parametrize("schedule", ["@every 7s", "2026-11-20T12:00:00Z", "immediate", "manual", "*/7 * * * * *"])
def test_of_every_kind_and_within_the_window(schedule: str) -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    for start, end in ((None, None), (noon + timedelta(seconds=5), noon + timedelta(seconds=600.5))):
        table = from_fields(schedule=schedule, timezone="UTC", anchor=noon, start_at=start, end_at=end)
        for seconds in (-20, 0, 3.25, 7, 70, 5_000):
            after, until = noon - timedelta(seconds=10), noon + timedelta(seconds=seconds)
            ticks = table.ticks(after, until, MOST)
            assert table.count(after, until) == len(ticks)
            assert table.latest(after, until, 3) == ticks[-3:]
