"""Random cases: expression, zone, rules and start, drawn from the case's number alone."""

import random
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from oracle.expression import MONTHS, WEEKDAYS

HARD = (
    "Africa/Casablanca",
    "America/Godthab",
    "America/New_York",
    "America/Nuuk",
    "America/Sao_Paulo",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Asia/Pyongyang",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Chatham",
)


@cache
def zones() -> tuple[str, ...]:
    """All IANA names of the tzdata in force."""
    return tuple(sorted(available_timezones()))


class Case(NamedTuple):
    """`after` is aware, UTC."""

    expression: str
    zone: str
    dst_gap: str
    dst_overlap: str
    after: datetime


class Change(NamedTuple):
    """The minute of an offset change, and the local time that clocks show right before and after."""

    at: datetime
    before: datetime
    after: datetime


def case(number: int, seed: str) -> Case:
    """The same for the same arguments; consecutive numbers go through all zones, each fifth is a hard one."""
    draw = random.Random(f"{seed}:{number}")
    zone = draw.choice(HARD) if number % 5 == 0 else zones()[number % len(zones())]
    changes = offset_changes(zone)
    near = draw.choice(changes) if changes and draw.random() < 0.7 else None
    if near is not None:
        after = near.at - timedelta(seconds=draw.choice([3_600, 40_000, 200_000, 3_000_000]) * draw.random())
    else:
        after = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=draw.random() * 40 * 365.25 * 86_400)
    after = after if draw.random() < 0.5 else after.replace(second=0, microsecond=0)
    expression = _near(draw, near) if near is not None and draw.random() < 0.6 else _anywhere(draw)
    return Case(expression, zone, draw.choice(["shift", "skip"]), draw.choice(["first", "second", "both"]), after)


@cache
def offset_changes(name: str) -> tuple[Change, ...]:
    """All changes of 2000 to 2040, found by looking at each day and then at each minute of a day."""
    zone = ZoneInfo(name)
    found: list[Change] = []
    day, last = datetime(2000, 1, 1, tzinfo=UTC), datetime(2040, 12, 30, tzinfo=UTC)
    offset = day.astimezone(zone).utcoffset()
    while day < last:
        tomorrow = day + timedelta(days=1)
        next_offset = tomorrow.astimezone(zone).utcoffset()
        if next_offset != offset:
            found.append(_change(zone, day))
        day, offset = tomorrow, next_offset
    return tuple(found)


def _change(zone: ZoneInfo, day: datetime) -> Change:
    minute = day
    while True:
        following = minute + timedelta(minutes=1)
        before, after = minute.astimezone(zone), following.astimezone(zone)
        if before.utcoffset() != after.utcoffset():
            return Change(following, before.replace(tzinfo=None), after.replace(tzinfo=None))
        minute = following


def _near(draw: random.Random, change: Change) -> str:
    """Fires in or beside the hours that the change leaves out or repeats."""
    wall = draw.choice([change.before, change.after]) + timedelta(minutes=draw.randint(-90, 90))
    minutes = {
        str(wall.minute),
        *(str(draw.choice([0, 1, 15, 29, 30, 45, 59])) for _ in range(draw.choice([0, 0, 1, 3]))),
    }
    minute = draw.choice([",".join(sorted(minutes)), ",".join(sorted(minutes)), "*/15", "*", "0-59/10"])
    hour = draw.choice([str(wall.hour)] * 4 + [f"{wall.hour}-23", f"0-{wall.hour}", "*", "*/2", "0-23"])
    day, month, weekday = draw.choice(
        [
            ("*", "*", "*"),
            ("*", "*", "*"),
            (str(wall.day), "*", "*"),
            (str(wall.day), str(wall.month), "*"),
            ("*", "*", str(wall.isoweekday())),
            ("*", MONTHS[wall.month - 1], _weekday_of(draw, wall.date())),
            ("L", "*", "*"),
            (str((wall - timedelta(days=1)).day), "*", str(wall.isoweekday())),
        ]
    )
    return _with_seconds(draw, f"{minute} {hour} {day} {month} {weekday}")


def _weekday_of(draw: random.Random, day: date) -> str:
    weekday = day.isoweekday() % 7
    return draw.choice([f"L{weekday}", f"{weekday}#{(day.day - 1) // 7 + 1}", WEEKDAYS[weekday], f"{weekday},3"])


def _anywhere(draw: random.Random) -> str:
    fields = [
        _field(draw, 0, 59, 0.2),
        _field(draw, 0, 23, 0.35),
        draw.choice(["L", "1,L", "15,L"]) if draw.random() < 0.08 else _field(draw, 1, 31, 0.6),
        draw.choice(MONTHS) if draw.random() < 0.1 else _field(draw, 1, 12, 0.75),
        _weekday_field(draw) if draw.random() < 0.15 else _field(draw, 0, 7, 0.6),
    ]
    return _with_seconds(draw, " ".join(fields))


def _weekday_field(draw: random.Random) -> str:
    weekday, nth = draw.randint(0, 7), draw.randint(1, 5)
    low, high = sorted(draw.sample(range(7), 2))
    named = f"{WEEKDAYS[low]}-{WEEKDAYS[high].upper()}"
    return draw.choice([f"L{weekday}", f"{weekday}#{nth}", f"{WEEKDAYS[low]}#{nth}", named, f"{weekday}#1,L{high}"])


def _field(draw: random.Random, low: int, high: int, star: float) -> str:
    if draw.random() < star:
        return "*"
    return ",".join(_item(draw, low, high) for _ in range(draw.choice([1, 1, 1, 2, 3])))


def _item(draw: random.Random, low: int, high: int) -> str:
    first, last = sorted(draw.choices(range(low, high + 1), k=2))
    step = draw.randint(1, high - low + (1 if high != 7 else 0))
    short = draw.randint(1, min(step, 12))
    return draw.choice(
        [str(first)] * 4 + [f"{first}-{last}", f"{first}-{last}/{short}", f"*/{step}", f"*/{short}", f"{first}/{short}"]
    )


def _with_seconds(draw: random.Random, expression: str) -> str:
    if draw.random() < 0.85:
        return expression
    return f"{draw.choice(['0', '30', '0,59', '*/20', '*', '10-50/7', '0-59'])} {expression}"
