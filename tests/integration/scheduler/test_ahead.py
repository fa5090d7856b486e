"""A run is planned and handed out a moment before its time, if nothing can be decided later that matters to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from foliot.scheduler import dispatcher, planner, relay
from support.databases import TestDatabase
from support.making import insert_job

from .conftest import Leader

HAND_OUT_AHEAD = timedelta(seconds=30)
"""Long enough for a slow machine; the tests' times lie in the middle of it."""
SOON, LATER = timedelta(seconds=15), timedelta(seconds=60)


@pytest.fixture(autouse=True)
def far_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (dispatcher, planner, relay):
        monkeypatch.setattr(module, "HAND_OUT_AHEAD", HAND_OUT_AHEAD)


async def test_a_run_is_planned_and_handed_out_before_its_time(leader: Leader, database: TestDatabase) -> None:
    due = datetime.now(UTC) + SOON
    async with database.owner() as sql:
        job_id = await insert_job(sql, next_run_time=due, schedule_since=due - timedelta(hours=1))
        await insert_job(sql, next_run_time=datetime.now(UTC) + LATER)
        await leader.planner.step()
        rows = await sql.fetch("SELECT * FROM executions")
        next_run_time = await sql.fetchval("SELECT next_run_time FROM jobs WHERE job_id = $1", job_id)
    assert [(row["job_id"], row["scheduled_time"], row["available_at"]) for row in rows] == [(job_id, due, due)]
    assert next_run_time == due + timedelta(hours=1)
    assert await leader.published() == [rows[0]["execution_id"]]


async def test_what_meets_another_run_is_decided_when_it_is_due(leader: Leader, database: TestDatabase) -> None:
    """The open run may end before the tick: skipped ahead of its time, the tick would be lost for nothing."""
    due = datetime.now(UTC) + SOON
    async with database.owner() as sql:
        job_id = await insert_job(
            sql, next_run_time=due, schedule_since=due - timedelta(hours=1), open_since=due - timedelta(hours=1)
        )
        await sql.execute(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at, dispatched_at)
               SELECT job_id, user_id, 'QUEUED', open_since, open_since, now() FROM jobs"""
        )
        await leader.planner.step()
        assert await sql.fetchval("SELECT count(*) FROM executions") == 1
        await sql.execute("UPDATE executions SET status = 'COMPLETED', end_time = now()")
        await leader.planner.step()
        assert await sql.fetchval("SELECT status FROM executions WHERE scheduled_time = $1", due) == "QUEUED"
        assert await sql.fetchval("SELECT next_run_time > $2 FROM jobs WHERE job_id = $1", job_id, due)


async def test_a_tick_that_has_its_row_already_waits_until_it_is_due(leader: Leader, database: TestDatabase) -> None:
    """An edit within the last moment may arm a tick again that was planned before it."""
    due = datetime.now(UTC) + SOON
    async with database.owner() as sql:
        await insert_job(sql, next_run_time=due, schedule_since=due - timedelta(hours=1))
        await sql.execute(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time, end_time)
               SELECT job_id, user_id, 'COMPLETED', next_run_time, now() FROM jobs"""
        )
        await leader.planner.step()
        assert await sql.fetchval("SELECT next_run_time FROM jobs") == due
        await sql.execute("UPDATE jobs SET next_run_time = next_run_time - interval '1 minute'")
        await sql.execute("UPDATE executions SET scheduled_time = scheduled_time - interval '1 minute'")
        await leader.planner.step()
        assert await sql.fetchval("SELECT next_run_time > now() FROM jobs")
        assert await sql.fetchval("SELECT count(*) FROM executions") == 1


async def test_a_delayed_run_is_handed_out_before_its_time(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        job_id = await insert_job(sql, next_run_time=None)
        await sql.execute(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at)
               SELECT $1, 1, 'QUEUED', now() + d, now() + d FROM unnest($2::interval[]) AS d""",
            job_id, [SOON, LATER],
        )  # fmt: skip
        await leader.relay.step()
        rows = await sql.fetch("SELECT execution_id, dispatched_at FROM executions ORDER BY available_at")
    assert [row["dispatched_at"] is not None for row in rows] == [True, False]
    assert await leader.published() == [rows[0]["execution_id"]]
    assert await leader.relay.step() == relay.Relay.INTERVAL
