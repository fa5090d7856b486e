"""The table of daylight-saving nights, row by row: what Vixie's rule asks for, and each rule's alternative.

Times are local with their offset; the window is the local day (two for Apia, which lost one).
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from foliot.common.schedules.timetable import from_fields

BERLIN_SPRING = ("Europe/Berlin", "2026-03-29")
BERLIN_AUTUMN = ("Europe/Berlin", "2026-10-25")
NEW_YORK_SPRING = ("America/New_York", "2026-03-08")
NEW_YORK_AUTUMN = ("America/New_York", "2026-11-01")
LORD_HOWE_SPRING = ("Australia/Lord_Howe", "2026-10-04")
LORD_HOWE_AUTUMN = ("Australia/Lord_Howe", "2026-04-05")
SAO_PAULO = ("America/Sao_Paulo", "2018-11-04")
APIA = ("Pacific/Apia", "2011-12-30")
NUUK_SPRING = ("America/Nuuk", "2024-03-30")
NUUK_AUTUMN = ("America/Nuuk", "2024-10-26")
TROLL_SPRING = ("Antarctica/Troll", "2026-03-29")
TROLL_AUTUMN = ("Antarctica/Troll", "2026-10-25")


def ticks(night: tuple[str, str], expression: str, *, dst_gap: str = "shift", dst_overlap: str = "first") -> list[str]:
    """Local times of the ticks of a local day, date left out (Apia: day and time)."""
    name, day = night
    zone = ZoneInfo(name)
    begin = datetime.combine(datetime.fromisoformat(day), time(), zone).astimezone(UTC)
    end = (datetime.fromisoformat(day) + timedelta(days=2 if night is APIA else 1)).replace(tzinfo=zone).astimezone(UTC)
    timetable = from_fields(schedule=expression, timezone=name, anchor=begin, dst_gap=dst_gap, dst_overlap=dst_overlap)
    found = timetable.ticks(begin - timedelta(microseconds=1), end - timedelta(microseconds=1), 1000)
    return [tick.astimezone(zone).isoformat()[8 if night is APIA else 11 :] for tick in found]


@pytest.mark.parametrize(
    ("night", "expression", "expected"),
    [
        (BERLIN_SPRING, "30 2 * * *", ["03:00:00+02:00"]),
        (BERLIN_SPRING, "0 2 * * *", ["03:00:00+02:00"]),
        (BERLIN_SPRING, "0 3 * * *", ["03:00:00+02:00"]),
        (BERLIN_SPRING, "*/30 2 * * *", []),
        (BERLIN_SPRING, "0,15,30,45 2 * * *", ["03:00:00+02:00"]),
        (BERLIN_SPRING, "0 2,3 * * *", ["03:00:00+02:00"]),
        (BERLIN_SPRING, "30 2-3 * * *", ["03:00:00+02:00", "03:30:00+02:00"]),
        (BERLIN_SPRING, "15 30 2 * * *", ["03:00:00+02:00"]),
        (BERLIN_AUTUMN, "30 2 * * *", ["02:30:00+02:00"]),
        (BERLIN_AUTUMN, "15 30 2 * * *", ["02:30:15+02:00"]),
        (BERLIN_AUTUMN, "0 3 * * *", ["03:00:00+01:00"]),
        (NEW_YORK_SPRING, "30 2 * * *", ["03:00:00-04:00"]),
        (NEW_YORK_AUTUMN, "30 1 * * *", ["01:30:00-04:00"]),
        (LORD_HOWE_SPRING, "15 2 * * *", ["02:30:00+11:00"]),
        (LORD_HOWE_SPRING, "0 2 * * *", ["02:30:00+11:00"]),
        (LORD_HOWE_SPRING, "45 2 * * *", ["02:45:00+11:00"]),
        (LORD_HOWE_AUTUMN, "45 1 * * *", ["01:45:00+11:00"]),
        (LORD_HOWE_AUTUMN, "30 1 * * *", ["01:30:00+11:00"]),
        (LORD_HOWE_AUTUMN, "15 1 * * *", ["01:15:00+11:00"]),
        (SAO_PAULO, "0 0 * * *", ["01:00:00-02:00"]),
        (APIA, "0 12 * * *", ["31T00:00:00+14:00", "31T12:00:00+14:00"]),
        (APIA, "0 0 * * *", ["31T00:00:00+14:00"]),
        (APIA, "0 12 30 12 *", ["31T00:00:00+14:00"]),
        (APIA, "0 */12 * * *", ["31T00:00:00+14:00", "31T12:00:00+14:00"]),
        (NUUK_SPRING, "30 22 * * *", ["22:30:00-02:00"]),
        (NUUK_SPRING, "30 23 * * *", []),
        (NUUK_AUTUMN, "30 23 * * *", ["23:30:00-01:00"]),
        (TROLL_SPRING, "30 1 * * *", ["03:00:00+02:00"]),
        (TROLL_SPRING, "30 2 * * *", ["03:00:00+02:00"]),
        (TROLL_SPRING, "30 1,2 * * *", ["03:00:00+02:00"]),
        (TROLL_AUTUMN, "30 1 * * *", ["01:30:00+02:00"]),
        (TROLL_AUTUMN, "30 2 * * *", ["02:30:00+02:00"]),
    ],
)
def test_by_default_once_a_local_day(night: tuple[str, str], expression: str, expected: list[str]) -> None:
    assert ticks(night, expression) == expected


def test_a_gap_at_the_end_of_a_day_shifts_into_the_next_day() -> None:
    assert ticks(("America/Nuuk", "2024-03-31"), "30 23 * * *") == ["00:00:00-01:00", "23:30:00-01:00"]


@pytest.mark.parametrize(
    ("night", "expression", "expected"),
    [
        (BERLIN_SPRING, "30 2 * * *", []),
        (BERLIN_SPRING, "30 2-3 * * *", ["03:30:00+02:00"]),
        (BERLIN_SPRING, "0 3 * * *", ["03:00:00+02:00"]),
        (APIA, "0 12 * * *", ["31T12:00:00+14:00"]),
        (TROLL_SPRING, "30 1,2,3 * * *", ["03:30:00+02:00"]),
    ],
)
def test_skip(night: tuple[str, str], expression: str, expected: list[str]) -> None:
    assert ticks(night, expression, dst_gap="skip") == expected


@pytest.mark.parametrize(
    ("night", "expression", "overlap", "expected"),
    [
        (BERLIN_AUTUMN, "30 2 * * *", "second", ["02:30:00+01:00"]),
        (BERLIN_AUTUMN, "30 2 * * *", "both", ["02:30:00+02:00", "02:30:00+01:00"]),
        (BERLIN_AUTUMN, "0,30 2 * * *", "both", [f"02:{m}:00+0{h}:00" for h in (2, 1) for m in ("00", "30")]),
        (BERLIN_AUTUMN, "0 3 * * *", "second", ["03:00:00+01:00"]),
        (BERLIN_AUTUMN, "59 1 * * *", "second", ["01:59:00+02:00"]),
        (LORD_HOWE_AUTUMN, "30 1 * * *", "second", ["01:30:00+10:30"]),
        (LORD_HOWE_AUTUMN, "30 1 * * *", "both", ["01:30:00+11:00", "01:30:00+10:30"]),
        (LORD_HOWE_AUTUMN, "15 1 * * *", "both", ["01:15:00+11:00"]),
        (TROLL_AUTUMN, "30 1 * * *", "second", ["01:30:00+00:00"]),
        (NUUK_AUTUMN, "30 23 * * *", "second", ["23:30:00-02:00"]),
    ],
)
def test_second_and_both(night: tuple[str, str], expression: str, overlap: str, expected: list[str]) -> None:
    assert ticks(night, expression, dst_overlap=overlap) == expected


@pytest.mark.parametrize("gap", ["shift", "skip"])
@pytest.mark.parametrize("overlap", ["first", "second", "both"])
def test_the_others_follow_elapsed_time_whatever_the_rules(gap: str, overlap: str) -> None:
    def ticks_by(night: tuple[str, str], expression: str) -> list[str]:
        return ticks(night, expression, dst_gap=gap, dst_overlap=overlap)

    assert ticks_by(BERLIN_SPRING, "*/30 * * * *")[3:6] == [
        "01:30:00+01:00",
        "03:00:00+02:00",
        "03:30:00+02:00",
    ]
    assert ticks_by(BERLIN_SPRING, "*/30 2 * * *") == []
    assert len(ticks_by(BERLIN_SPRING, "0 * * * *")) == 23
    assert len(ticks_by(BERLIN_AUTUMN, "0 * * * *")) == 25
    assert len(ticks_by(BERLIN_AUTUMN, "*/30 * * * *")) == 50
    assert ticks_by(BERLIN_AUTUMN, "0 */2 * * *")[1:3] == ["02:00:00+02:00", "02:00:00+01:00"]
    assert ticks_by(APIA, "0 */12 30 12 *") == []


def test_every_follows_elapsed_time() -> None:
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    daily = from_fields(schedule="@every 1d", timezone="Europe/Berlin", anchor=begin)
    assert daily.next_after(begin) == begin + timedelta(days=1)
