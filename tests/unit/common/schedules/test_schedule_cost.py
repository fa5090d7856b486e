"""One fire-time computation costs under 100 lines of Python in the mean on a planner's mix, cache included."""

import random
from datetime import UTC, datetime, timedelta

from foliot.common.schedules.timetable import from_fields
from support.costs import lines_run

BAR = 100
MIX = (
    ("* * * * *", 30),
    ("*/5 * * * *", 20),
    ("0 * * * *", 10),
    ("H * * * *", 10),
    ("0 9 * * 1-5", 8),
    ("H H * * *", 10),
    ("@daily", 4),
    ("@every 30s", 4),
    ("0 0 1 * *", 2),
    ("0 6 * * L5", 1),
    ("*/10 * * * * *", 1),
)
ZONES = ("UTC", "UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Sydney")


def jobs(count: int) -> list[dict[str, object]]:
    """Fields of jobs as a planner reads them, the common ones many times; half of the zones have DST."""
    draw = random.Random(1)
    texts, weights = zip(*MIX, strict=True)
    anchor = datetime(2026, 11, 1, tzinfo=UTC)
    return [
        {
            "schedule": draw.choices(texts, weights)[0],
            "timezone": draw.choice(ZONES),
            "anchor": anchor + timedelta(microseconds=draw.randrange(10**9)),
            "spread": f"1:job {n}",
        }
        for n in range(count)
    ]


def test_mean_cost() -> None:
    """From stored fields to the tick after the one that is due, in three steps of a minute."""
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    planned = jobs(5_000)

    def three_rounds() -> None:
        for minute in range(3):
            for fields in planned:
                from_fields(**fields).next_after(now + timedelta(minutes=minute))  # type: ignore[arg-type]

    assert lines_run(three_rounds) / (3 * len(planned)) < BAR
