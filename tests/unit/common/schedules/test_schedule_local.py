"""One run at a time of the wall clock: what becomes of it in the two nights of the year, and everywhere else."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from foliot.common.schedules.local import instants_of
from foliot.common.schedules.timetable import from_fields

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
JANUARY = BEGIN.replace(tzinfo=None)
MINUTE = timedelta(minutes=1)


def ticks(schedule: str, zone: str = "Europe/Berlin", **rules: str) -> list[str]:
    table = from_fields(schedule=schedule, timezone=zone, anchor=BEGIN, **rules)  # type: ignore[arg-type]
    found = table.ticks(BEGIN, BEGIN + timedelta(days=400), 9)
    assert table.count(BEGIN, BEGIN + timedelta(days=400)) == len(found)
    assert all(tick.tzinfo is UTC for tick in found)
    return [tick.strftime("%m-%dT%H:%M") for tick in found]


@pytest.mark.parametrize(
    ("schedule", "rules", "expected"),
    [
        ("2026-11-29T09:00:00", {}, ["11-29T08:00"]),
        ("2026-11-29T09:00", {}, ["11-29T08:00"]),
        ("2026-11-29T09:00Z", {}, ["11-29T09:00"]),
        ("2026-07-01T09:00", {}, ["07-01T07:00"]),
        ("2026-03-29T02:30", {}, ["03-29T01:00"]),
        ("2026-03-29T02:30", {"dst_gap": "skip"}, []),
        ("2026-03-29T03:00", {"dst_gap": "skip"}, ["03-29T01:00"]),
        ("2026-10-25T02:30", {}, ["10-25T00:30"]),
        ("2026-10-25T02:30", {"dst_overlap": "second"}, ["10-25T01:30"]),
        ("2026-10-25T02:30", {"dst_overlap": "both"}, ["10-25T00:30", "10-25T01:30"]),
        ("2026-10-25T03:00", {"dst_overlap": "both"}, ["10-25T02:00"]),
    ],
)
def test_berlin(schedule: str, rules: dict[str, str], expected: list[str]) -> None:
    assert ticks(schedule, **rules) == expected


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]
)
@pytest.mark.parametrize("gap", ["shift", "skip"])
@pytest.mark.parametrize("overlap", ["first", "second", "both"])
def test_a_local_time_fires_when_the_cron_expression_of_its_day_does(zone: str, gap: str, overlap: str) -> None:
    """The same rules, by other code: cron's walk over the stretches of a year. Half of the times lie near a change."""
    draw = random.Random(f"{zone} {gap} {overlap}")
    place = ZoneInfo(zone)
    changes = [day for day in (JANUARY + timedelta(days=n) for n in range(365)) if _changes(day, place)]
    for number in range(60):
        near = draw.choice(changes) if changes and number % 2 else JANUARY + timedelta(days=draw.randrange(360))
        wall = near + draw.randrange(24 * 60) * MINUTE
        expression = f"{wall.minute} {wall.hour} {wall.day} {wall.month} *"
        cron = from_fields(schedule=expression, timezone=zone, anchor=BEGIN, dst_gap=gap, dst_overlap=overlap)
        around = wall.replace(tzinfo=UTC)
        expected = cron.ticks(around - timedelta(days=2), around + timedelta(days=2), 9)
        assert list(instants_of(wall, place, gap, overlap)) == expected, wall


def _changes(day: datetime, zone: ZoneInfo) -> bool:
    return day.replace(tzinfo=zone).utcoffset() != (day + timedelta(days=1)).replace(tzinfo=zone).utcoffset()
