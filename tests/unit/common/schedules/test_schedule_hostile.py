"""A fuzzer's expressions: each is taken or refused in words, and quickly."""

import random
import string
from datetime import UTC, datetime

import pytest

from foliot.api.preview.description import describe
from foliot.api.preview.fire_times import fire_times
from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.timetable import from_fields
from support.cold import forget_schedules
from support.costs import cpu_seconds, lines_run

CASES = 20_000
LINES = 150_000
ZONES = ("UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Gaza")
SEEDS = (
    "0 9 * * 1-5",
    "*/15 0-23/2 1,15,L jan-jun mon#2,L5",
    "H H(0-7) * * *",
    "0 0 29 2 */7",
    "30 2 * 3 L7",
    "59 59 23 31 12 *",
    "@every 1h30m",
    "@daily",
    "2030-01-31T09:00:00.123456+05:30",
    "immediate",
    "manual",
    "CRON_TZ=Europe/Berlin 0 9 * * *",
    "0 9 * * Monday Europe/Berlin",
    "cron(0 9 ? * 2-6 *)",
    "rate(5 minutes)",
    "0~29 * * * *",
)
BITS: tuple[str, ...] = (
    *"*/-,#LHWR?()~= \t\n\0@:.+",
    "L5",
    "5L",
    "H(",
    "*/",
    "jan",
    "SUN",
    "999999999999999999999",
    "-1",
    "1e9",
    "0x1f",
)
ODD = "\u0661\u00b2\ufeff\u2028\ud800\U0001f600\x7f\x1b\u00a0%${}'\";\\"


def hostile(draw: random.Random) -> str:
    """From nearly right to noise; about a third of them are taken."""
    kind = draw.random()
    if kind < 0.4:
        return _mutated(draw, draw.choice(SEEDS))
    if kind < 0.8:
        return " ".join(_field(draw) for _ in range(draw.choice([4, 5, 5, 5, 5, 5, 6, 6, 7])))
    if kind < 0.9:
        return "".join(draw.choice(BITS) for _ in range(draw.randint(0, 60)))
    if kind < 0.99:
        return "".join(draw.choice(string.printable + ODD) for _ in range(draw.randint(0, 120)))
    return draw.choice(BITS) * draw.choice([1, 100, 100_000])


def _mutated(draw: random.Random, text: str) -> str:
    for _ in range(draw.choice([1, 1, 1, 2, 4])):
        at = draw.randint(0, len(text))
        bit = draw.choice((*BITS, *ODD)) if draw.random() < 0.5 else draw.choice(string.digits)
        text = text[:at] + bit + text[at + draw.choice([0, 1, 1, 3]) :]
    return text


def _field(draw: random.Random) -> str:
    """Within every field's bounds nine times of ten."""
    low, high = sorted(draw.choices(range(1, 7 if draw.random() < 0.9 else 62), k=2))
    forms = ["*", f"{low}", f"{low}-{high}", f"*/{high}", f"{low}-{high}/{low}", f"{high},{low}", "H", f"H/{low}"]
    return "L" if draw.random() < 0.02 else draw.choice(forms)


def answer(text: str, zone: str, dst_gap: str) -> str:
    """The text that POST /v1/schedules/preview answers with: the description, or what is wrong."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    try:
        table = from_fields(schedule=text, timezone=zone, dst_gap=dst_gap, anchor=now)
    except ScheduleError as error:
        return error.message
    fire_times(table, now, 5)
    return describe(table.schedule, table.zone)


def test_hostile_expressions() -> None:
    draw = random.Random(20_000)
    answers: set[str] = set()
    for _ in range(CASES):
        text, zone, dst_gap = hostile(draw), draw.choice(ZONES), draw.choice(["shift", "skip"])
        assert lines_run(lambda: answers.add(answer(text, zone, dst_gap))) < LINES, text  # noqa: B023
        # A pattern that backtracks runs no lines.
        assert cpu_seconds(lambda: answer(text, zone, dst_gap)) < 1, text  # noqa: B023
    assert all(said.isascii() and said.isprintable() and len(said) < 600 for said in answers)
    assert len(answers) > CASES / 4


@pytest.mark.parametrize(
    "text",
    ["0 0 29 2 */7", "30 2 * 3 L7", "30 2 29 2 */7", "0-59 0-59 0-23 */31 12 L5", "* * * * * *", "H/7 H H H(1-12) H"],
)
def test_the_costliest_searches(text: str) -> None:
    """Rare dates decades ahead, one that its zone always leaves out, all seconds of all minutes."""
    forget_schedules()
    assert lines_run(lambda: answer(text, "Europe/Berlin", "skip")) < LINES
