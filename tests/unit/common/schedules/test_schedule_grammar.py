"""Schedules that the grammar takes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from foliot.common.schedules.grammar import parse, written_offset
from foliot.common.schedules.kinds import Cron, Every, Immediate, Instant, Manual

ALL_DAYS = tuple(range(1, 32))
ALL_WEEKDAYS = tuple(range(7))


def cron(text: str, spread: str = "") -> Cron:
    parsed = parse(text, spread=spread)
    assert isinstance(parsed, Cron)
    return parsed


def test_five_fields_mean_second_zero() -> None:
    assert cron("30 2 * * *") == Cron(
        expression="30 2 * * *",
        seconds=(0,),
        minutes=(30,),
        hours=(2,),
        days=ALL_DAYS,
        last_day=False,
        months=tuple(range(1, 13)),
        weekdays=ALL_WEEKDAYS,
        nth_weekdays=(),
        either_day=False,
        fixed_time=True,
    )


def test_six_fields_have_seconds_first() -> None:
    parsed = cron("*/20 30 2 * * *")
    assert (parsed.seconds, parsed.minutes, parsed.hours) == ((0, 20, 40), (30,), (2,))


@pytest.mark.parametrize(
    ("text", "field", "values"),
    [
        ("5 * * * *", "minutes", (5,)),
        ("05 * * * *", "minutes", (5,)),
        ("1,5,3 * * * *", "minutes", (1, 3, 5)),
        ("10-13 * * * *", "minutes", (10, 11, 12, 13)),
        ("10-20/5 * * * *", "minutes", (10, 15, 20)),
        ("*/25 * * * *", "minutes", (0, 25, 50)),
        ("50/4 * * * *", "minutes", (50, 54, 58)),
        ("7-7 * * * *", "minutes", (7,)),
        ("7-7/3 * * * *", "minutes", (7,)),
        ("1-2,*/30 * * * *", "minutes", (0, 1, 2, 30)),
        ("*/60 * * * *", "minutes", (0,)),
        ("0 22-23,0-1 * * *", "hours", (0, 1, 22, 23)),
        ("0 0 1 jan,MAR,12 *", "months", (1, 3, 12)),
        ("0 0 1 Feb-Apr *", "months", (2, 3, 4)),
        ("0 0 * * mon-FRI", "weekdays", (1, 2, 3, 4, 5)),
        ("0 0 * * 7", "weekdays", (0,)),
        ("0 0 * * 5-7", "weekdays", (0, 5, 6)),
        ("0 0 * * 0-7", "weekdays", ALL_WEEKDAYS),
        ("0 0 * * */2", "weekdays", (0, 2, 4, 6)),
        ("0 0 * * 5#2,fri#4,L5,L7", "nth_weekdays", ((0, -1), (5, -1), (5, 2), (5, 4))),
        ("0 0 * * 7#1", "nth_weekdays", ((0, 1),)),
        ("0 0 10,L * *", "days", (10,)),
    ],
)
def test_values(text: str, field: str, values: tuple[object, ...]) -> None:
    assert getattr(cron(text), field) == values


def test_last_day() -> None:
    assert cron("0 0 L * *").last_day
    assert cron("0 0 l * *").last_day
    assert not cron("0 0 31 * *").last_day


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("  0\t9  * * MON ", "0 9 * * mon"),
    ],
)
def test_two_ways_to_write_one_schedule(text: str, same: str) -> None:
    assert parse(text) == parse(same)


@pytest.mark.parametrize(
    ("text", "fixed_time"),
    [
        ("30 2 * * *", True),
        ("0-59 0-23 * * *", True),
        ("5,*/10 2 * * *", True),
        ("*/30 2 * * *", False),
        ("0 */2 * * *", False),
        ("* * * * *", False),
        ("*/10 0 2 * * *", False),
        ("0 0 2 * * *", True),
    ],
)
def test_fixed_time_is_when_no_time_field_begins_with_a_star(text: str, fixed_time: bool) -> None:
    assert cron(text).fixed_time is fixed_time


@pytest.mark.parametrize(
    ("text", "either"),
    [
        ("0 0 1 * 5", True),
        ("0 0 */2 * 5", False),
        ("0 0 1 * */2", False),
        ("0 0 1 * *", False),
        ("0 0 L * 5#1", True),
    ],
)
def test_day_fields_are_alternatives_unless_one_begins_with_a_star(text: str, either: bool) -> None:
    assert cron(text).either_day is either


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("@every 1s", timedelta(seconds=1)),
        ("@every 30s", timedelta(seconds=30)),
        ("@every 90m", timedelta(minutes=90)),
        ("@every 1h30m", timedelta(minutes=90)),
        ("@every 7d", timedelta(days=7)),
        ("@every 1d2h3m4s", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("@every 3653d", timedelta(days=3653)),
    ],
)
def test_every(text: str, interval: timedelta) -> None:
    assert parse(text) == Every(interval)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2030-01-31T09:00:00Z", datetime(2030, 1, 31, 9, tzinfo=UTC)),
        ("2030-01-31t09:00:00z", datetime(2030, 1, 31, 9, tzinfo=UTC)),
        ("2030-01-31T09:00:00+05:30", datetime(2030, 1, 31, 3, 30, tzinfo=UTC)),
        ("2030-01-31T09:00:00.000001-00:00", datetime(2030, 1, 31, 9, 0, 0, 1, tzinfo=UTC)),
        ("2030-01-31T09:00:00.5Z", datetime(2030, 1, 31, 9, 0, 0, 500_000, tzinfo=UTC)),
        ("2030-01-31T09:00Z", datetime(2030, 1, 31, 9, tzinfo=UTC)),
        ("2030-01-31T09:00-01:30", datetime(2030, 1, 31, 10, 30, tzinfo=UTC)),
    ],
)
def test_instant(text: str, at: datetime) -> None:
    parsed = parse(text)
    assert parsed == Instant(at)
    assert isinstance(parsed, Instant)
    assert parsed.at.tzinfo is UTC


@pytest.mark.parametrize("text", ["2030-01-31T09:00", "2030-01-31t09:00:00", "2030-01-31T09:00:00.000"])
def test_an_instant_without_offset_is_a_local_time(text: str) -> None:
    assert parse(text) == Instant(datetime(2030, 1, 31, 9))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "offset"),
    [("2030-01-31T09:00+02:00", timedelta(hours=2)), ("2030-01-31T09:00:00.5-03:30", -timedelta(hours=3, minutes=30)),
     ("2030-01-31T09:00+00:00", timedelta()), ("2030-01-31T09:00Z", None), ("2030-01-31T09:00", None), ("0 9 * * *", None)],
)  # fmt: skip
def test_the_offset_that_an_instant_claims(text: str, offset: timedelta | None) -> None:
    assert written_offset(text) == offset


def test_immediate_and_manual() -> None:
    assert parse("immediate") == Immediate()
    assert parse("manual") == Manual()


class TestHash:
    """`H`: spread by a hash of team and first job_name."""

    def test_stays_the_same_from_release_to_release(self) -> None:
        assert cron("H H * * *", "7:backup").expression == "35 10 * * *"
        assert cron("H/15 * * * *", "7:backup").expression == "5-50/15 * * * *"
        assert cron("H H(1-5) H * H", "7:backup").expression == "35 5 16 * 1"

    def test_equal_spreads_share_and_others_differ(self) -> None:
        assert cron("H * * * *", "a") is cron("H * * * *", "a")
        assert len({cron("H H * * *", str(n)).expression for n in range(50)}) > 40

    def test_what_has_no_h_does_not_depend_on_spread(self) -> None:
        assert cron("0 9 * * *", "a") is cron("0 9 * * *", "b")

    @pytest.mark.parametrize(
        ("text", "field", "low", "high"),
        [
            ("H * * * *", "minutes", 0, 59),
            ("H(10-29) * * * *", "minutes", 10, 29),
            ("H 0 0 * * *", "seconds", 0, 59),
            ("0 H * * *", "hours", 0, 23),
            ("0 0 H * *", "days", 1, 28),
            ("0 0 H(1-31) * *", "days", 1, 31),
            ("0 0 1 H *", "months", 1, 12),
            ("0 0 * * H", "weekdays", 0, 6),
            ("0 0 * * h(1-5)", "weekdays", 1, 5),
        ],
    )
    def test_fills_its_range_evenly(self, text: str, field: str, low: int, high: int) -> None:
        drawn = [getattr(cron(text, f"job {n}"), field) for n in range(1000)]
        assert all(len(values) == 1 for values in drawn)
        counts = [drawn.count((value,)) for value in range(low, high + 1)]
        assert sum(counts) == 1000
        expected = 1000 / len(counts)
        assert all(expected / 4 < count < expected * 2.5 for count in counts)

    def test_with_a_step_it_starts_within_the_first_step(self) -> None:
        for n in range(100):
            minutes = cron("H/15 * * * *", str(n)).minutes
            assert len(minutes) == 4
            assert minutes[0] < 15
            assert {b - a for a, b in pairwise(minutes)} == {15}
            assert 10 <= cron("H(10-29)/10 * * * *", str(n)).minutes[0] < 20
            assert 10 <= cron("H(10-14)/30 * * * *", str(n)).minutes[0] < 15

    def test_counts_as_a_number_for_the_dst_rules(self) -> None:
        assert cron("H H * * *").fixed_time
        assert cron("H/15 2 * * *").fixed_time
        assert not cron("H/15 * * * *").fixed_time
