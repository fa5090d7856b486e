"""Words say what fires: read back, they allow the ticks of the schedule and no others."""

from __future__ import annotations

import random
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from foliot.api.preview.description import describe
from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.grammar import parse
from foliot.common.schedules.timetable import from_fields
from support.words import Meaning

EXPRESSIONS = 5_000
DAYS = 60
SOME = 30
MIDNIGHT = datetime(2027, 1, 1, tzinfo=UTC)


def an_expression(chance: random.Random) -> str:
    """Any expression that the grammar takes; sums of a few items a field, so that many need lists and ranges."""
    while True:
        fields = [_field(chance, 0, 59), _field(chance, 0, 23), _days(chance), _field(chance, 1, 12), _weekdays(chance)]
        if chance.random() < 0.1:
            fields.insert(0, _field(chance, 0, 59))
        try:
            parse(" ".join(fields))
        except ScheduleError:
            continue
        return " ".join(fields)


def _field(chance: random.Random, low: int, high: int) -> str:
    if chance.random() < 0.3:
        return "*"
    return ",".join(_item(chance, low, high) for _ in range(chance.choice([1, 1, 1, 2, 3])))


def _item(chance: random.Random, low: int, high: int) -> str:
    first, last = sorted((chance.randint(low, high), chance.randint(low, high)))
    step = chance.choice([2, 3, 5, 6, 10, 12, 15, 30])
    stepped = [f"*/{step}", f"{first}-{last}/{step}", f"{first}/{step}"] if step <= high - low else []
    return chance.choice([str(first), str(first), f"{first}-{last}", f"{low}-{high}", "H", *stepped])


def _days(chance: random.Random) -> str:
    return chance.choice(["*", "L", "1,L", "10-12,L", _field(chance, 1, 31), _field(chance, 1, 31), "1-31"])


def _weekdays(chance: random.Random) -> str:
    special = [f"{chance.randint(0, 7)}#{chance.randint(1, 5)}", f"L{chance.randint(0, 7)}", "mon-fri", "1,5#2,L3"]
    return chance.choice(["*", "*", *special, _field(chance, 0, 6), "0-6", "*/2"])


def days_of_ticks(expression: str, begin: date) -> set[date]:
    """The days on which the expression fires, at whatever time."""
    *_, day, month, weekday = expression.split()
    start = datetime(begin.year, begin.month, begin.day, tzinfo=UTC)
    times = from_fields(schedule=f"0 0 {day} {month} {weekday}", timezone="UTC", anchor=start, spread="1:a job")
    ticks = times.ticks(start - timedelta(seconds=1), start + timedelta(days=DAYS) - timedelta(seconds=1), DAYS)
    return {tick.date() for tick in ticks}


def same_times(expression: str, said: list[int], after: int) -> bool:
    """True if the expression fires at these seconds of a day, whatever the day: their number, and some from `after`."""
    schedule = " ".join([*expression.split()[:-3], "*", "*", "*"])
    times = from_fields(schedule=schedule, timezone="UTC", anchor=MIDNIGHT, spread="1:a job")
    last = MIDNIGHT + timedelta(seconds=86_399)
    ticks = times.ticks(MIDNIGHT + timedelta(seconds=after), last, SOME)
    first = bisect_right(said, after)
    return said[first : first + SOME] == [(tick - MIDNIGHT) // timedelta(seconds=1) for tick in ticks] and (
        len(said) == times.count(MIDNIGHT - timedelta(seconds=1), last)
    )


def test_words_mean_the_ticks() -> None:
    chance = random.Random(18)
    for _ in range(EXPRESSIONS):
        expression = an_expression(chance)
        words = describe(parse(expression, spread="1:a job"), ZoneInfo("UTC"))
        meaning = Meaning(words)
        assert same_times(expression, meaning.times, chance.randrange(-1, 40_000)), (expression, words)
        begin = date(2024, 1, 1) + timedelta(days=chance.randrange(3_000))
        said = {day for day in (begin + timedelta(days=n) for n in range(DAYS)) if meaning.on(day)}
        assert said == days_of_ticks(expression, begin), (expression, words)


@pytest.mark.parametrize("wrong", ["At 09:00 AM, on day 15 of the month, only on Friday", "Every hour, only on Sunday"])
def test_other_words_mean_other_ticks(wrong: str) -> None:
    """The test above can fail."""
    right = Meaning("At 09:00 AM, on day 15 of the month, or on Friday")
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(DAYS)]
    assert (right.times, [*map(right.on, days)]) != (Meaning(wrong).times, [*map(Meaning(wrong).on, days)])
