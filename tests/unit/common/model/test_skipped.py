"""SKIPPED rows at the edge between a row per tick and one row for all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from foliot.common.model.skipped import ROWS_PER_DECISION, skip_range
from foliot.common.schedules.timetable import from_fields

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTELY = from_fields(schedule="* * * * *", timezone="UTC", anchor=NOON)


class Owner(msgspec.Struct, frozen=True):
    job_id: int = 1
    user_id: int = 2
    team_id: int | None = 3
    pool: str = "reports"
    priority: int = 5


def minute(n: int) -> datetime:
    return NOON + timedelta(minutes=n)


def test_one_tick_is_one_plain_row() -> None:
    (row,) = skip_range(Owner(), MINUTELY, NOON, NOON, "paused")
    assert (row.status, row.scheduled_time, row.error_message) == ("SKIPPED", NOON, "paused")
    assert (row.skipped_count, row.skipped_until, row.available_at) == (None, None, None)
    assert (row.job_id, row.user_id, row.team_id, row.pool, row.priority) == (1, 2, 3, "reports", 5)


def test_a_hundred_ticks_get_a_row_each() -> None:
    rows = skip_range(Owner(), MINUTELY, NOON, minute(99), "misfire")
    assert [row.scheduled_time for row in rows] == [minute(n) for n in range(ROWS_PER_DECISION)]
    assert {row.skipped_count for row in rows} == {None}


def test_a_hundred_and_one_get_one_row() -> None:
    (row,) = skip_range(Owner(), MINUTELY, NOON, minute(100), "misfire")
    assert (row.scheduled_time, row.skipped_count, row.skipped_until) == (NOON, 101, minute(100))


def test_an_end_between_two_ticks_covers_the_earlier_one() -> None:
    (row,) = skip_range(Owner(), MINUTELY, NOON, minute(100) + timedelta(seconds=59), "misfire")
    assert (row.skipped_count, row.skipped_until) == (101, minute(100))
