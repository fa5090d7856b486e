"""Plan on a real ledger: exactly one row a tick."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from foliot.common.ledger.database import Database
from foliot.scheduler.dispatcher import HAND_OUT_AHEAD
from support.databases import TestDatabase
from support.making import insert_job

from .conftest import Leader


async def test_a_due_job_is_planned_and_dispatched_once(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        job_id = await insert_job(sql)
        await leader.planner.step()
        await leader.planner.step()
        (row,) = await sql.fetch("SELECT * FROM executions")
        job = await sql.fetchrow("SELECT * FROM jobs")
    assert job is not None
    assert (row["job_id"], row["status"], row["attempt_number"], row["term"]) == (job_id, "QUEUED", 1, leader.term)
    assert row["dispatched_at"] is not None
    assert job["next_run_time"] > datetime.now(UTC)
    assert (job["last_run_time"], job["open_since"], job["runs_planned"]) == (
        row["scheduled_time"],
        row["scheduled_time"],
        1,
    )
    assert await leader.published() == [row["execution_id"]]


async def test_sleeps_until_the_next_job_is_due(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await insert_job(sql, next_run_time=datetime.now(UTC) + timedelta(seconds=0.15))
    assert 0.0 < await leader.planner.step() <= 0.15 - HAND_OUT_AHEAD.total_seconds()


async def test_two_leaders_make_one_row(leader: Leader, units: Database, database: TestDatabase) -> None:
    """Both plan at once: the job's lock and the ledger's key leave one row a tick."""
    other = Leader(units, leader.term)
    async with database.owner() as sql:
        for _ in range(20):
            await insert_job(sql)
        await asyncio.gather(*(one.planner.step() for one in (leader, other, leader, other)))
        counts = await sql.fetch("SELECT count(*) AS n FROM executions GROUP BY job_id, scheduled_time")
    assert [row["n"] for row in counts] == [1] * 20


async def test_a_tick_that_has_its_row_is_not_planned_twice(leader: Leader, database: TestDatabase) -> None:
    """Nor does it keep the others of its batch."""
    async with database.owner() as sql:
        first, second, third = [await insert_job(sql) for _ in range(3)]
        await sql.execute(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time, end_time)
               SELECT job_id, 1, 'COMPLETED', next_run_time, now() FROM jobs WHERE job_id = $1""",
            second,
        )
        await leader.planner.step()
        rows = await sql.fetch("SELECT job_id, status FROM executions ORDER BY job_id")
        assert await sql.fetchval("SELECT count(*) FROM jobs WHERE next_run_time <= now()") == 0
    assert [tuple(row) for row in rows] == [(first, "QUEUED"), (second, "COMPLETED"), (third, "QUEUED")]


async def test_overlap_skip_covers_the_tick(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        job_id = await insert_job(sql, schedule="@every 1s")
        await leader.planner.step()
        await sql.execute("UPDATE jobs SET next_run_time = now() - interval '1 ms' WHERE job_id = $1", job_id)
        await leader.planner.step()
        rows = await sql.fetch("SELECT status, error_message, end_time FROM executions ORDER BY scheduled_time")
    assert [(row["status"], row["error_message"]) for row in rows] == [("QUEUED", None), ("SKIPPED", "overlap")]
    assert rows[1]["end_time"] is not None


async def test_a_job_whose_last_tick_was_skipped_ends(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        long_ago = datetime.now(UTC) - timedelta(hours=2)
        await insert_job(
            sql,
            schedule=f"{long_ago:%Y-%m-%dT%H:%M:%SZ}",
            next_run_time=long_ago.replace(microsecond=0),
            misfire_policy="skip",
        )
        await leader.planner.step()
        assert await sql.fetchval("SELECT status FROM jobs") == "FAILED"
