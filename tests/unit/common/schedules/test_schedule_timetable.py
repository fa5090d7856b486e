"""Window, anchor and the kinds of schedule that are not cron."""

import random
from calendar import isleap
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.firetimes import FireTimes
from foliot.common.schedules.grammar import parse
from foliot.common.schedules.kinds import Cron
from foliot.common.schedules.timetable import Timetable, from_fields

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


def table(
    schedule: str,
    *,
    anchor: datetime = BEGIN,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
) -> Timetable:
    return from_fields(schedule=schedule, timezone="UTC", anchor=anchor, start_at=start_at, end_at=end_at)


class TestCron:
    def test_strictly_after(self) -> None:
        hourly = table("@hourly")
        assert hourly.next_after(BEGIN) == BEGIN + HOUR
        assert hourly.next_after(BEGIN - MICROSECOND) == BEGIN
        assert hourly.next_after(BEGIN + MICROSECOND) == BEGIN + HOUR

    def test_answers_in_utc_whatever_zone_asks(self) -> None:
        asked = (BEGIN + HOUR).astimezone(timezone(timedelta(hours=5, minutes=30)))
        tick = table("@hourly").next_after(asked)
        assert tick == BEGIN + 2 * HOUR
        assert tick.tzinfo is UTC

    def test_every_second(self) -> None:
        assert table("* * * * * *").ticks(BEGIN, BEGIN + 3 * SECOND, 9) == [BEGIN + n * SECOND for n in (1, 2, 3)]

    def test_a_day_that_is_years_away(self) -> None:
        assert table("0 0 29 2 *").next_after(BEGIN) == datetime(2028, 2, 29, tzinfo=UTC)
        assert table("0 0 29 2 *").next_after(datetime(2096, 3, 1, tzinfo=UTC)) == datetime(2104, 2, 29, tzinfo=UTC)
        assert table("0 0 29 2 */7").ticks(datetime(2080, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC), 3) == [
            datetime(2088, 2, 29, tzinfo=UTC),
            datetime(2128, 2, 29, tzinfo=UTC),
            datetime(2156, 2, 29, tzinfo=UTC),
        ]

    @pytest.mark.parametrize("name", ["UTC", "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Honolulu", "Europe/Berlin"])
    @pytest.mark.parametrize(("day", "month"), [(1, 1), (31, 12), (29, 2)])
    @pytest.mark.parametrize("hour", [0, 23])
    def test_sundays_decades_apart(self, name: str, day: int, month: int, hour: int) -> None:
        """Found at either edge of the year, in local time before and behind UTC."""
        zone = ZoneInfo(name)
        years = [year for year in range(2000, 2150) if month != 2 or isleap(year)]
        days = [datetime(year, month, day, hour, 30, tzinfo=zone) for year in years]
        expected = [local.astimezone(UTC) for local in days if local.weekday() == 6]
        rare = from_fields(schedule=f"30 {hour} {day} {month} */7", timezone=name, anchor=BEGIN)
        begin, end = datetime(2000, 6, 1, tzinfo=UTC), datetime(2149, 6, 1, tzinfo=UTC)
        assert rare.ticks(begin, end, 999) == [tick for tick in expected if begin < tick < end]

    def test_day_of_month_or_day_of_week(self) -> None:
        friday_13th = table("0 0 13 * 5").ticks(BEGIN, BEGIN + timedelta(days=16), 9)
        assert [tick.day for tick in friday_13th] == [2, 9, 13, 16]
        odd_fridays = table("0 0 */2 * 5").ticks(BEGIN, BEGIN + timedelta(days=31), 9)
        assert [tick.day for tick in odd_fridays] == [9, 23]

    def test_last_days_and_numbered_weekdays(self) -> None:
        year = datetime(2027, 1, 1, tzinfo=UTC)
        last = table("0 0 L * *").ticks(BEGIN, year, 99)
        assert [tick.day for tick in last] == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        fifth_fridays = table("0 0 * * 5#5").ticks(BEGIN, year, 99)
        assert [(tick.month, tick.day) for tick in fifth_fridays] == [(1, 30), (5, 29), (7, 31), (10, 30)]
        last_fridays = table("0 0 * 1-5 L5").ticks(BEGIN, year, 99)
        assert [(tick.month, tick.day) for tick in last_fridays] == [
            (1, 30),
            (2, 27),
            (3, 27),
            (4, 24),
            (5, 29),
        ]

    def test_none_when_the_rules_swallow_every_tick(self) -> None:
        last_sundays_in_march = from_fields(
            schedule="30 2 * 3 L7", timezone="Europe/Berlin", anchor=BEGIN, dst_gap="skip"
        )
        assert last_sundays_in_march.next_after(BEGIN) is None

    def test_the_ends_of_the_calendar(self) -> None:
        daily = table("@daily")
        assert daily.next_after(datetime(9998, 12, 30, tzinfo=UTC)) == datetime(9998, 12, 31, tzinfo=UTC)
        assert daily.next_after(datetime(9998, 12, 31, tzinfo=UTC)) is None
        assert daily.next_after(datetime.max.replace(tzinfo=UTC)) is None
        assert daily.next_after(datetime.min.replace(tzinfo=UTC)) == datetime(2, 1, 1, tzinfo=UTC)


class TestWindow:
    def test_both_ends_belong_to_it(self) -> None:
        day = table("@hourly", start_at=BEGIN + HOUR, end_at=BEGIN + 3 * HOUR)
        assert day.ticks(BEGIN - 24 * HOUR, BEGIN + 24 * HOUR, 99) == [BEGIN + n * HOUR for n in (1, 2, 3)]

    def test_microseconds_count(self) -> None:
        day = table("@hourly", start_at=BEGIN + HOUR + MICROSECOND, end_at=BEGIN + 3 * HOUR - MICROSECOND)
        assert day.ticks(BEGIN, BEGIN + 24 * HOUR, 99) == [BEGIN + 2 * HOUR]

    def test_in_another_zone(self) -> None:
        east = timezone(timedelta(hours=9))
        day = table("@hourly", start_at=(BEGIN + HOUR).astimezone(east), end_at=(BEGIN + HOUR).astimezone(east))
        assert day.ticks(BEGIN, BEGIN + 24 * HOUR, 99) == [BEGIN + HOUR]

    def test_empty(self) -> None:
        assert table("@hourly", start_at=BEGIN + 2 * HOUR, end_at=BEGIN + HOUR).next_after(BEGIN) is None

    def test_limit(self) -> None:
        assert table("@hourly").ticks(BEGIN, BEGIN + 24 * HOUR, 2) == [BEGIN + HOUR, BEGIN + 2 * HOUR]
        assert table("@hourly").ticks(BEGIN, BEGIN + 24 * HOUR, 0) == []
        assert table("@hourly").ticks(BEGIN, BEGIN, 9) == []

    @pytest.mark.parametrize("schedule", ["2026-01-01T01:00:00Z", "immediate"])
    def test_of_a_single_run(self, schedule: str) -> None:
        at = BEGIN + HOUR
        assert table(schedule, anchor=at, start_at=at, end_at=at).next_after(BEGIN) == at
        assert table(schedule, anchor=at, start_at=at + MICROSECOND).next_after(BEGIN) is None
        assert table(schedule, anchor=at, end_at=at - MICROSECOND).next_after(BEGIN) is None


class TestEvery:
    ANCHOR = BEGIN + timedelta(microseconds=123_456)

    def test_first_fires_one_interval_after_the_anchor(self) -> None:
        every = table("@every 90s", anchor=self.ANCHOR)
        assert every.next_after(self.ANCHOR) == self.ANCHOR + 90 * SECOND
        assert every.next_after(self.ANCHOR - HOUR) == self.ANCHOR + 90 * SECOND

    def test_keeps_its_phase(self) -> None:
        every = table("@every 90s", anchor=self.ANCHOR)
        assert every.next_after(self.ANCHOR + 90 * SECOND) == self.ANCHOR + 180 * SECOND
        assert every.next_after(self.ANCHOR + 179 * SECOND) == self.ANCHOR + 180 * SECOND
        assert every.next_after(self.ANCHOR + 180 * SECOND - MICROSECOND) == self.ANCHOR + 180 * SECOND
        assert every.next_after(self.ANCHOR + 1000 * 90 * SECOND + SECOND) == self.ANCHOR + 1001 * 90 * SECOND

    @pytest.mark.parametrize("start_at", [BEGIN + HOUR + MICROSECOND, BEGIN - HOUR - MICROSECOND])
    def test_first_fires_at_start_at_and_keeps_that_phase(self, start_at: datetime) -> None:
        every = table("@every 90s", anchor=self.ANCHOR, start_at=start_at)
        long_before = BEGIN - 24 * HOUR
        assert every.ticks(long_before, start_at + 180 * SECOND, 9) == [start_at + n * 90 * SECOND for n in (0, 1, 2)]

    def test_ends_with_the_calendar(self) -> None:
        assert table("@every 1s").next_after(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) is None


def test_immediate_fires_at_its_anchor() -> None:
    once = table("immediate", anchor=BEGIN)
    assert once.next_after(BEGIN - MICROSECOND) == BEGIN
    assert once.next_after(BEGIN) is None


def test_an_instant_fires_once() -> None:
    once = table("2026-01-01T01:00:00.5+01:00")
    assert once.ticks(BEGIN - HOUR, BEGIN + HOUR, 9) == [BEGIN + SECOND / 2]
    assert once.next_after(BEGIN + SECOND / 2) is None


def test_manual_never_fires() -> None:
    assert table("manual").next_after(BEGIN) is None


def test_rules_are_checked() -> None:
    with pytest.raises(ScheduleError, match="dst_gap is shift or skip, not 'later'"):
        Timetable(parse("@daily"), zone=ZoneInfo("UTC"), dst_gap="later", anchor=BEGIN)
    with pytest.raises(ScheduleError, match="dst_overlap is first, second, both, not 'third'"):
        Timetable(parse("@daily"), zone=ZoneInfo("UTC"), dst_overlap="third", anchor=BEGIN)


def test_a_timetable_does_not_change() -> None:
    with pytest.raises(AttributeError):
        table("@daily").dst_gap = "skip"  # type: ignore[misc]


def test_schedules_are_values() -> None:
    daily = parse("@daily")
    assert isinstance(daily, Cron)
    assert {daily, parse("0 0 * * *")} == {daily}
    assert table("@daily") == table("0 0 * * *")


@pytest.mark.parametrize("text", ["* * * * *", "30 2 * * *", "0 0 29 2 *", "0 9 * * 1-5"])
def test_an_answer_does_not_depend_on_what_was_asked_before(text: str) -> None:
    """Answers are remembered, and an answer stands for every moment up to it."""
    draw, zone = random.Random(7), ZoneInfo("Europe/Berlin")
    first = int(datetime(2026, 3, 28, tzinfo=UTC).timestamp())
    cron = parse(text)
    assert isinstance(cron, Cron)
    remembering = FireTimes(cron, zone, "shift", "first")
    for _ in range(400):
        after = first + draw.randrange(3 * 86_400)
        assert remembering.next_after(after) == FireTimes(cron, zone, "shift", "first").next_after(after), after
