"""Times over a connection of ours: what goes in comes out, to the microsecond, and as PostgreSQL itself reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from foliot.api.queries.unit import Unit
from foliot.common.ledger.database import Database
from foliot.common.ledger.statements import Statement
from support.databases import TestDatabase

ECHO = Statement("echo", "SELECT $1::timestamptz AS it, $1::timestamptz::text AS told, $2::timestamptz[] AS them")


@pytest.fixture
async def units(database: TestDatabase) -> AsyncIterator[Database]:
    async with Database(database.url("api"), Unit, size=1, name="times") as opened:
        yield opened


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (datetime(2026, 11, 26, 12, 0, 0, 123456, UTC), "2026-11-26 12:00:00.123456+00"),
        (datetime(2026, 11, 26, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))), "2026-11-26 06:30:00+00"),
        (datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), "1969-12-31 23:59:59.999999+00"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01 00:00:00+00"),
        (datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), "9999-12-31 23:59:59.999999+00"),
    ],
)
async def test_times_survive(units: Database, moment: datetime, told: str) -> None:
    async with units.session() as unit:
        (row,) = await unit.session.fetch(ECHO, moment, [moment, None, moment])
    assert row is not None
    assert (row["it"], row["told"], row["them"]) == (moment, told, [moment, None, moment])
    assert row["it"].tzinfo is UTC


async def test_a_null_and_a_time_without_a_zone(units: Database) -> None:
    async with units.session() as unit:
        (row,) = await unit.session.fetch(ECHO, None, None)
        assert row is not None
        assert tuple(row) == (None, None, None)
        with pytest.raises(Exception, match="offset-naive"):
            await unit.session.fetch(ECHO, datetime(2026, 11, 26), None)  # noqa: DTZ001


async def test_what_datetime_cannot_say_is_its_first_or_last_instant(units: Database) -> None:
    """A row with such a time is read like the others of its batch."""
    sql = "SELECT v FROM unnest(ARRAY['infinity', '20000-01-01Z', '-infinity', '4000-01-01Z BC']::timestamptz[]) v"
    async with units.session() as unit:
        rows = await unit.session.fetch(Statement("odd", sql))
    first, last = datetime.min, datetime.max  # noqa: DTZ901
    assert [row["v"] for row in rows] == [last, last, first, first]
