"""A leader with another tzdata: what it moves, and what it leaves alone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from foliot.common.clock import SystemClock
from foliot.common.errors import Fenced
from foliot.common.ledger.database import Database
from foliot.common.schedules import zones
from foliot.scheduler.time_zones import TimeZones
from foliot.scheduler.unit import Unit
from support.databases import TestDatabase
from support.making import insert_job
from support.pinned_time import pin_time, set_time

from .conftest import Leader, take_term

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BY_OLD, BY_NEW = datetime(2026, 11, 21, 8, tzinfo=UTC), datetime(2026, 11, 21, 0, tzinfo=UTC)
"""Nine o'clock in Berlin, and where its clocks show Tokyo's time."""


@pytest.fixture
async def leader(database: TestDatabase) -> Any:
    await pin_time(database, NOON)
    async with Database(database.url("scheduler"), Unit, size=8, name="test") as units:
        yield Leader(units, await take_term(units))


@pytest.fixture
def berlin_like_tokyo(tmp_path: Path) -> Iterator[None]:
    """From here on this process has a tzdata in which Berlin's clocks show what Tokyo's do."""
    (tmp_path / "Europe").mkdir()
    tokyo = resources.files("tzdata").joinpath("zoneinfo", "Asia", "Tokyo").read_bytes()
    (tmp_path / "Europe" / "Berlin").write_bytes(tokyo)
    zones.use_pinned_tzdata()
    zoneinfo.reset_tzpath([str(tmp_path)])
    yield
    zones.use_pinned_tzdata()


async def nine_in_berlin(sql: asyncpg.Connection[asyncpg.Record], **columns: Any) -> int:
    fields = {"schedule": "0 9 * * *", "timezone": "Europe/Berlin", "next_run_time": BY_OLD, "schedule_since": NOON}
    return await insert_job(sql, **fields | columns)


def time_zones(leader: Leader, version: str = "new") -> TimeZones:
    return TimeZones(leader.units, leader.term, SystemClock(), version=version)


async def next_run_times(sql: asyncpg.Connection[asyncpg.Record]) -> dict[int, datetime | None]:
    return {row["job_id"]: row["next_run_time"] for row in await sql.fetch("SELECT * FROM jobs")}


@pytest.mark.usefixtures("berlin_like_tokyo")
async def test_what_moved_is_moved_and_audited_and_then_fires(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        moving = await nine_in_berlin(sql, team_id=7)
        ending = await nine_in_berlin(sql, end_at=datetime(2026, 11, 20, 23, tzinfo=UTC))
        still = {
            await nine_in_berlin(sql, timezone="UTC"): BY_OLD,
            await nine_in_berlin(sql, timezone="Asia/Tokyo", next_run_time=BY_NEW): BY_NEW,
            await nine_in_berlin(sql, schedule="@every 1h"): BY_OLD,
            await nine_in_berlin(sql, schedule="2026-11-21T08:00:00Z"): BY_OLD,
            await nine_in_berlin(sql, next_run_time=NOON): NOON,
            await nine_in_berlin(sql, status="PAUSED", next_run_time=None): None,
            await nine_in_berlin(sql, timezone="No/Where"): BY_OLD,
        }
        assert await time_zones(leader).step() is None
        assert await next_run_times(sql) == still | {moving: BY_NEW, ending: None}
        assert await sql.fetchval("SELECT status FROM jobs WHERE job_id = $1", ending) == "FAILED"
        audits = await sql.fetch("SELECT * FROM audit_logs ORDER BY resource_id")
        assert [(a["user_id"], a["action"], a["resource_id"], a["team_id"]) for a in audits] == [
            (0, "UPDATE_JOB", moving, 7), (0, "UPDATE_JOB", ending, None),
        ]  # fmt: skip
        assert "2026-11-21T08:00:00.000000Z" in audits[0]["old_value"]
        assert "2026-11-21T00:00:00.000000Z" in audits[0]["new_value"]
        assert await sql.fetchval("SELECT version FROM jobs WHERE job_id = $1", moving) == 1
        await set_time(sql, BY_NEW)
        await leader.planner.step()
        assert await sql.fetchval("SELECT scheduled_time FROM executions WHERE job_id = $1", moving) == BY_NEW


@pytest.mark.usefixtures("berlin_like_tokyo")
async def test_a_version_is_gone_through_once(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await time_zones(leader).step()
        moved_by_hand = await nine_in_berlin(sql)
        await time_zones(leader).step()
        assert await next_run_times(sql) == {moved_by_hand: BY_OLD}
        await time_zones(leader, "newer").step()
        assert await next_run_times(sql) == {moved_by_hand: BY_NEW}


@pytest.mark.usefixtures("berlin_like_tokyo")
async def test_more_jobs_than_a_batch_and_one_that_somebody_holds(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql, database.owner() as other:
        await sql.execute(
            """INSERT INTO jobs (user_id, job_name, job_type, payload, schedule, timezone, next_run_time)
               SELECT 1, 'x', 'script', '{}', '0 9 * * *', 'Europe/Berlin', $1 FROM generate_series(1, 1200)""",
            BY_OLD,
        )
        held = await nine_in_berlin(sql)
        duty = time_zones(leader)
        async with other.transaction():
            await other.execute("SELECT FROM jobs WHERE job_id = $1 FOR NO KEY UPDATE", held)
            assert await duty.step() is not None
            assert [at for at in (await next_run_times(sql)).values() if at != BY_NEW] == [BY_OLD]
            assert await sql.fetchval("SELECT version FROM tzdata") is None
        assert await duty.step() is None
        assert set((await next_run_times(sql)).values()) == {BY_NEW}
        assert await sql.fetchval("SELECT count(*) FROM audit_logs") == 1_201


@pytest.mark.usefixtures("berlin_like_tokyo")
async def test_a_former_leader_moves_nothing(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        job_id = await nine_in_berlin(sql)
        await take_term(leader.units, "scheduler-2", czxid=2)
        with pytest.raises(Fenced):
            await time_zones(leader).step()
        assert await next_run_times(sql) == {job_id: BY_OLD}


async def test_the_same_rules_under_another_name_move_nothing(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        job_id = await nine_in_berlin(sql)
        await time_zones(leader).step()
        assert await next_run_times(sql) == {job_id: BY_OLD}
        assert await sql.fetchval("SELECT version FROM tzdata") == "new"


@pytest.mark.usefixtures("berlin_like_tokyo")
async def test_a_run_at_a_local_time_moves_too(leader: Leader, database: TestDatabase) -> None:
    """One that has passed by the new rules is due, not lost. An instant with an offset stays where it is."""
    async with database.owner() as sql:
        local = await nine_in_berlin(sql, schedule="2026-11-21T09:00")
        passed = await nine_in_berlin(
            sql, schedule="2026-11-20T14:00", next_run_time=datetime(2026, 11, 20, 13, tzinfo=UTC)
        )
        fixed = await nine_in_berlin(sql, schedule="2026-11-21T09:00:00+01:00")
        await time_zones(leader).step()
        found = await next_run_times(sql)
    assert found == {local: BY_NEW, passed: datetime(2026, 11, 20, 5, tzinfo=UTC), fixed: BY_OLD}
