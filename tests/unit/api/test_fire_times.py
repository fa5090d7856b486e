"""What a person sees before saving: ticks, marks, jitter and words."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from foliot.api.preview.description import describe
from foliot.api.preview.fire_times import FireTime, fire_times
from foliot.common.schedules.grammar import parse
from foliot.common.schedules.timetable import from_fields


def shown(
    schedule: str, zone: str, after: str, count: int, *, dst_gap: str = "shift", dst_overlap: str = "first"
) -> list[tuple[str, tuple[str, ...]]]:
    table = from_fields(
        schedule=schedule,
        timezone=zone,
        anchor=datetime(2020, 1, 1, tzinfo=UTC),
        dst_gap=dst_gap,
        dst_overlap=dst_overlap,
    )
    return [(fire.local, fire.marks) for fire in fire_times(table, datetime.fromisoformat(after), count)]


def test_both_clocks() -> None:
    table = from_fields(schedule="0 9 * * *", timezone="Europe/Berlin", anchor=datetime(2020, 1, 1, tzinfo=UTC))
    assert fire_times(table, datetime(2026, 11, 23, 12, tzinfo=UTC), 1) == [
        FireTime(utc="2026-11-24T08:00:00.000000Z", local="2026-11-24T09:00:00+01:00")
    ]


def test_a_shifted_tick_is_marked() -> None:
    assert shown("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00Z", 3) == [
        ("2026-03-28T02:30:00+01:00", ()),
        ("2026-03-29T03:00:00+02:00", ("dst_gap: shifted from 02:30",)),
        ("2026-03-30T02:30:00+02:00", ()),
    ]


def test_many_shifted_ticks_are_one() -> None:
    assert shown("0,10,20,30 2 * * *", "Europe/Berlin", "2026-03-29T00:00Z", 1) == [
        ("2026-03-29T03:00:00+02:00", ("dst_gap: shifted from 02:00, 02:10, 02:20, ...",)),
    ]
    assert shown("15 30 2 * * *", "Europe/Berlin", "2026-03-29T00:00Z", 1)[0][1] == ("dst_gap: shifted from 02:30:15",)


def test_a_shift_from_another_day_names_it() -> None:
    assert shown("0 12 * * *", "Pacific/Apia", "2011-12-30T00:00Z", 2) == [
        ("2011-12-31T00:00:00+14:00", ("dst_gap: shifted from 2011-12-30 12:00",)),
        ("2011-12-31T12:00:00+14:00", ()),
    ]


def test_a_skipped_tick_is_told_with_the_next() -> None:
    assert shown("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", 2, dst_gap="skip") == [
        ("2026-03-30T02:30:00+02:00", ("dst_gap: 2026-03-29 02:30 skipped before this",)),
        ("2026-03-31T02:30:00+02:00", ()),
    ]


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [
        ("first", [("2026-10-25T02:30:00+02:00", ("dst_overlap: first of two",))]),
        ("second", [("2026-10-25T02:30:00+01:00", ("dst_overlap: second of two",))]),
        (
            "both",
            [
                ("2026-10-25T02:30:00+02:00", ("dst_overlap: first of two",)),
                ("2026-10-25T02:30:00+01:00", ("dst_overlap: second of two",)),
            ],
        ),
    ],
)
def test_a_repeated_tick_is_marked(overlap: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    seen = shown("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", len(expected) + 1, dst_overlap=overlap)
    assert seen == [*expected, ("2026-10-26T02:30:00+01:00", ())]


@pytest.mark.parametrize(("minute", "marked"), [("59 1", False), ("0 2", True), ("59 2", True), ("0 3", False)])
def test_where_a_repeated_hour_begins_and_ends(minute: str, marked: bool) -> None:
    for overlap, mark in (("first", "dst_overlap: first of two"), ("second", "dst_overlap: second of two")):
        seen = shown(f"{minute} * * *", "Europe/Berlin", "2026-10-24T22:00Z", 1, dst_overlap=overlap)
        assert seen[0][1] == ((mark,) if marked else ())


def test_what_follows_elapsed_time_has_no_dst_mark() -> None:
    for night in ("2026-03-28T22:00Z", "2026-10-24T22:00Z"):
        assert not any(marks for _, marks in shown("*/30 * * * *", "Europe/Berlin", night, 20))
        assert not any(marks for _, marks in shown("@every 30m", "Europe/Berlin", night, 20))


def test_all_hours_by_name_are_local_hours_and_marked_once() -> None:
    mark = "dst_gap, dst_overlap: all hours are named, so they are local hours; * would follow elapsed time"
    named = shown("0 0-23 * * *", "Europe/Berlin", "2026-10-24T23:30Z", 3)
    assert named == [
        ("2026-10-25T02:00:00+02:00", ("dst_overlap: first of two", mark)),
        ("2026-10-25T03:00:00+01:00", ()),
        ("2026-10-25T04:00:00+01:00", ()),
    ]
    assert shown("0 * * * *", "Europe/Berlin", "2026-10-24T23:30Z", 2) == [
        ("2026-10-25T02:00:00+02:00", ()),
        ("2026-10-25T02:00:00+01:00", ()),
    ]
    assert shown("0 0-23 * * *", "UTC", "2026-10-24T23:30Z", 1)[0][1] == ()
    assert shown("0 9-17 * * *", "Europe/Berlin", "2026-10-24T23:30Z", 1)[0][1] == ()


def test_the_window_is_marked() -> None:
    table = from_fields(
        schedule="@hourly",
        timezone="UTC",
        anchor=datetime(2026, 1, 1, tzinfo=UTC),
        start_at=datetime(2026, 1, 1, 6, tzinfo=UTC),
        end_at=datetime(2026, 1, 1, 8, 30, tzinfo=UTC),
    )
    assert [fire.marks for fire in fire_times(table, datetime(2026, 1, 1, tzinfo=UTC), 9)] == [
        ("start_at: first tick of the window",),
        (),
        ("end_at: last tick of the window",),
    ]


def test_one_run_that_is_the_last_by_itself() -> None:
    assert shown("2026-01-01T00:00:00.25Z", "UTC", "2025-01-01T00:00Z", 9) == [("2026-01-01T00:00:00.250000+00:00", ())]
    assert shown("manual", "UTC", "2025-01-01T00:00Z", 9) == []


def test_jitter_is_told() -> None:
    table = from_fields(schedule="@hourly", timezone="UTC", anchor=datetime(2026, 1, 1, tzinfo=UTC))
    (fire,) = fire_times(table, datetime(2026, 1, 1, tzinfo=UTC), 1, jitter_seconds=60)
    assert fire.marks == ("jitter_seconds: starts 0 to 60 s later",)


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("0 9 * * *", "At 09:00 AM"),
        ("0 9 * * 1-5", "At 09:00 AM, Monday through Friday"),
        ("0 9 * * MON-fri", "At 09:00 AM, Monday through Friday"),
        ("30 0 9 * * *", "At 09:00:30 AM"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("*/60 * * * *", "Every hour"),
        ("*/7 * * * *", "At 0, 7, 14, 21, 28, 35, 42, 49, and 56 minutes past the hour"),
        ("0-0 1-1 * * *", "At 01:00 AM"),
        ("* * * * * *", "Every second"),
        ("@weekly", "At 12:00 AM, only on Sunday"),
        ("@monthly", "At 12:00 AM, on day 1 of the month"),
        ("0 0 L * *", "At 12:00 AM, on the last day of the month"),
        ("0 0 * * L5", "At 12:00 AM, on the last Friday of the month"),
        ("0 0 * * fri#2", "At 12:00 AM, on the second Friday of the month"),
        ("0 0 * * 5#2,1", "At 12:00 AM, on Monday and the second Friday of the month"),
        ("0 0 1,L * *", "At 12:00 AM, on day 1 of the month and the last day of the month"),
        ("0 0 13 * 5", "At 12:00 AM, on day 13 of the month, or on Friday"),
        ("0 0 29 2 */7", "At 12:00 AM, only in February, on day 29 of the month, only on Sunday"),
        ("0 0 1-31 * 5", "At 12:00 AM"),
        ("0 9 * * 1/2", "At 09:00 AM, only on Sunday, Monday, Wednesday, and Friday"),
        ("0 9 * */6 *", "At 09:00 AM, only in January and July"),
        ("0 9 15 * 5#2", "At 09:00 AM, on day 15 of the month, or on the second Friday of the month"),
        ("0 9 15 * L5", "At 09:00 AM, on day 15 of the month, or on the last Friday of the month"),
        ("0 9 L * 5#1", "At 09:00 AM, on the last day of the month, or on the first Friday of the month"),
        (
            "0 0 29 2 1#5",
            "At 12:00 AM, only in February, on day 29 of the month, or on the fifth Monday of the month",
        ),
        ("0 22-23,0-2 * * *", "At 12:00 AM, 01:00 AM, 02:00 AM, 10:00 PM, and 11:00 PM"),
        ("*/15 22-23,0-2 * * *", "Every 15 minutes, between 12:00 AM and 02:59 AM and between 10:00 PM and 11:59 PM"),
        ("0 9-17 * * 1-5", "Every hour from 09:00 AM through 05:00 PM, Monday through Friday"),
        ("0 0-23 * * *", "Every hour"),
        ("30 * * * *", "At 30 minutes past the hour"),
        ("*/20 */10 * * * *", "Every 20 seconds, during minutes 0, 10, 20, 30, 40, and 50 of the hour"),
        ("@every 1s", "Every second"),
        ("@every 30s", "Every 30 seconds"),
        ("@every 1h", "Every hour"),
        ("@every 90m", "Every 1 hour 30 minutes"),
        ("@every 14d", "Every 14 days"),
        ("2030-01-31T09:00:00Z", "Once, at 2030-01-31 10:00:00 (Europe/Berlin)"),
        ("immediate", "Once, immediately"),
        ("manual", "Only when a run is asked for"),
    ],
)
def test_words(schedule: str, words: str) -> None:
    assert describe(parse(schedule), ZoneInfo("Europe/Berlin")) == words
