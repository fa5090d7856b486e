"""The product's fire times against independent judges: samples of the long campaigns in tools/oracle."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter

from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.timetable import from_fields
from oracle.campaign import compare
from oracle.cases import HARD, case
from oracle.second import disagreement

SAMPLE = 400
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def test_minute_scan() -> None:
    """Cases of the hard zones alone, which the campaign gives each fifth number."""
    differences = [compare(case(5 * n, "sample"))[1] for n in range(SAMPLE)]
    assert [text for text in differences if text is not None] == []


@pytest.mark.parametrize("number", [0, 5, 10])
def test_minute_scan_of_every_minute(number: int) -> None:
    assert compare(case(number, "every minute"), every_minute=True)[1] is None


def test_the_hard_zones_are_drawn() -> None:
    assert {case(5 * n, "sample").zone for n in range(SAMPLE)} == set(HARD)


def test_cronsim_differs_only_for_known_reasons() -> None:
    found = [disagreement(case(5 * n, "cronsim")) for n in range(SAMPLE)]
    assert [told for reason, told in filter(None, found) if not reason] == []


def test_croniter_agrees_in_utc() -> None:
    """With its switch for Vixie's day rule, and without what it reads in its own way (`a-a`, `#`)."""
    draw = random.Random(7)
    for _ in range(300):
        text = " ".join(_field(draw, *bounds) for bounds in ((0, 59), (0, 23), (1, 28), (1, 12), (0, 6)))
        try:
            table = from_fields(schedule=text, timezone="UTC", anchor=BEGIN)
        except ScheduleError:
            continue
        theirs = croniter(text, BEGIN, ret_type=datetime, implement_cron_bug=True, max_years_between_matches=60)
        assert table.ticks(BEGIN, BEGIN + timedelta(days=40_000), 5) == [theirs.get_next() for _ in range(5)], text


def _field(draw: random.Random, low: int, high: int) -> str:
    first, last = sorted(draw.sample(range(low, high + 1), 2))
    forms = (
        "*",
        "*",
        f"{first}",
        f"{first}-{last}",
        f"*/{draw.randint(2, 6)}",
        f"{first},{last}",
        f"{first}-{last}/2",
    )
    return draw.choice(forms)
