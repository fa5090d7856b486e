"""Rescue and reconcile: what died is tried again, what waits for nothing goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg

from foliot.scheduler.jitter import jitter_delay
from foliot.scheduler.rescuer import STRAYS_EACH
from support.databases import TestDatabase
from support.ledger import check_ledger
from support.making import insert_job

from .conftest import Leader

CLAIM = 4711


async def running(
    sql: asyncpg.Connection[asyncpg.Record],
    *,
    beat_ago: float,
    lease_left: float,
    trigger: str = "schedule",
    **job: object,
) -> int:
    """An attempt of a worker that was last heard of `beat_ago` seconds ago."""
    job_id = await insert_job(sql, next_run_time=None, schedule="2026-01-01T00:00:00Z", **job)
    await sql.execute(
        """INSERT INTO workers (claim, worker_id, pools, slots, last_heartbeat)
           VALUES ($1, 'w', '{default}', 1, now() - make_interval(secs => $2)) ON CONFLICT DO NOTHING""",
        CLAIM, beat_ago,
    )  # fmt: skip
    await sql.execute(
        """INSERT INTO executions (job_id, user_id, status, scheduled_time, start_time, available_at, claim, lease_until, trigger)
           VALUES ($1, 1, 'RUNNING', now(), now() - interval '1 s', now(), $2, now() + make_interval(secs => $3), $4)""",
        job_id, CLAIM, lease_left, trigger,
    )  # fmt: skip
    await sql.execute("UPDATE jobs SET open_since = now() - interval '1 hour' WHERE job_id = $1", job_id)
    return job_id


async def test_an_attempt_of_a_lost_worker_fails_and_is_retried(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await running(sql, beat_ago=40, lease_left=-1)
        await leader.rescuer.step()
        rows = await sql.fetch("SELECT *, available_at - now() AS wait FROM executions ORDER BY attempt_number")
        assert [(r["status"], r["error_message"]) for r in rows] == [("FAILED", "worker lost"), ("QUEUED", None)]
        assert timedelta(seconds=2) < rows[1]["wait"] <= timedelta(seconds=3)
        assert rows[0]["duration_ms"] >= 1_000
        assert await check_ledger(sql) == []


async def test_a_dead_token_is_forgotten_a_minute_after_its_lease(leader: Leader, database: TestDatabase) -> None:
    """A claim that began while the token lived is over by then: what it claimed is still rescued."""
    async with database.owner() as sql:
        await running(sql, beat_ago=85, lease_left=-1)
        await leader.rescuer.step()
        assert await sql.fetchval("SELECT count(*) FROM workers") == 1
        await sql.execute("UPDATE executions SET status = 'RUNNING', end_time = NULL WHERE attempt_number = 1")
        await leader.rescuer.step()
        assert await sql.fetchval("SELECT status FROM executions WHERE attempt_number = 1") == "FAILED"
        await sql.execute("UPDATE workers SET last_heartbeat = now() - interval '91 s'")
        await leader.rescuer.step()
        assert await sql.fetchval("SELECT count(*) FROM workers") == 0


async def test_an_attempt_whose_token_nobody_has_is_rescued_after_its_lease(
    leader: Leader, database: TestDatabase
) -> None:
    async with database.owner() as sql:
        await running(sql, beat_ago=0, lease_left=60)
        await sql.execute("DELETE FROM workers")
        await leader.rescuer.step()
        assert await sql.fetchval("SELECT status FROM executions") == "RUNNING"
        await sql.execute("UPDATE executions SET lease_until = now() - interval '1 s'")
        for _ in range(STRAYS_EACH):
            await leader.rescuer.step()
        rows = await sql.fetch("SELECT status, error_message FROM executions ORDER BY attempt_number")
        assert [tuple(row) for row in rows] == [("FAILED", "worker lost"), ("QUEUED", None)]
        assert await check_ledger(sql) == []


async def test_a_living_worker_and_a_lease_that_holds_are_left_alone(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await running(sql, beat_ago=5, lease_left=-1)
        await leader.rescuer.step()
        await sql.execute("UPDATE workers SET last_heartbeat = now() - interval '1 hour'")
        await sql.execute("UPDATE executions SET lease_until = now() + interval '5 s'")
        await leader.rescuer.step()
        assert await sql.fetchval("SELECT status FROM executions") == "RUNNING"
        assert await sql.fetchval("SELECT count(*) FROM workers") == 1


async def test_the_last_attempt_of_a_lost_worker_is_given_up(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await running(sql, beat_ago=40, lease_left=-1, retry_policy='{"max_retries": 0}')
        await leader.rescuer.step()
        assert await sql.fetchval("SELECT status FROM jobs") == "FAILED"
        assert await sql.fetchval("SELECT error_message FROM dead_letters") == "worker lost"


async def test_a_cancelled_attempt_of_a_lost_worker_is_cancelled(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await running(sql, beat_ago=40, lease_left=-1)
        await sql.execute("UPDATE executions SET cancel_requested_at = now()")
        await leader.rescuer.step()
        assert await sql.fetchval("SELECT array_agg(status) FROM executions") == ["CANCELLED"]
        assert await sql.fetchval("SELECT status FROM jobs") == "CANCELLED"


async def test_a_waiting_run_without_an_earlier_one_is_released(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        job_id = await insert_job(sql, next_run_time=datetime.now(UTC) + timedelta(hours=1))
        for n in range(3):
            await sql.execute(
                """INSERT INTO executions (job_id, user_id, status, scheduled_time)
                   VALUES ($1, 1, 'QUEUED', now() - make_interval(secs => $2))""", job_id, 10 - n,
            )  # fmt: skip
        await sql.execute("UPDATE jobs SET open_since = now() - interval '1 hour'")
        await leader.reconciler.release()
        await leader.reconciler.release()
        rows = await sql.fetch("SELECT available_at IS NOT NULL AS released FROM executions ORDER BY scheduled_time")
        assert [row["released"] for row in rows] == [True, False, False]


async def test_a_paused_job_whose_window_has_closed_takes_its_outcome(leader: Leader, database: TestDatabase) -> None:
    """No tick is to come any more; a single tick still waits for resume."""
    async with database.owner() as sql:
        closed = [
            await insert_job(sql, schedule=schedule, status="PAUSED", next_run_time=None)
            for schedule in ("@every 1h", "2026-01-01T00:00:00Z")
        ]
        open_one = await insert_job(sql, status="PAUSED", next_run_time=None)
        await sql.execute(
            "UPDATE jobs SET paused_run_time = now(), end_at = now() - interval '1 s' WHERE job_id = ANY ($1)", closed
        )
        await sql.execute(
            "UPDATE jobs SET paused_run_time = now(), end_at = now() + interval '1 h' WHERE job_id = $1", open_one
        )
        await leader.reconciler.settle()
        statuses = await sql.fetch("SELECT status FROM jobs ORDER BY job_id")
    assert [row["status"] for row in statuses] == ["FAILED", "PAUSED", "PAUSED"]


async def test_a_job_that_nothing_follows_is_settled(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await insert_job(sql, next_run_time=None)
        await insert_job(sql, next_run_time=None, schedule="manual")
        await leader.reconciler.settle()
        statuses = await sql.fetch("SELECT status FROM jobs ORDER BY job_id")
        assert [row["status"] for row in statuses] == ["FAILED", "PENDING"]


async def test_a_waiting_tick_is_not_released_before_its_delay_by_jitter(
    leader: Leader, database: TestDatabase
) -> None:
    async with database.owner() as sql:
        job_id = await insert_job(sql, next_run_time=None, overlap_policy="queue_one", jitter_seconds=86_400)
        for trigger in ("schedule", "manual"):
            await sql.execute(
                """INSERT INTO executions (job_id, user_id, status, scheduled_time, trigger)
                   VALUES ($1, 1, 'QUEUED', now(), $2)""",
                job_id, trigger,
            )  # fmt: skip
            await leader.reconciler.release()
            row = await sql.fetchrow("SELECT *, now() AS now FROM executions WHERE end_time IS NULL")
            delay = jitter_delay(str(job_id), row["scheduled_time"], 86_400)
            released = row["scheduled_time"] + delay if trigger == "schedule" else row["now"]
            assert abs(row["available_at"] - released) < timedelta(seconds=30)
            await sql.execute("UPDATE executions SET status = 'COMPLETED', end_time = now()")


async def test_the_run_of_a_lost_worker_is_the_outcome_of_its_job(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        failed = await running(sql, beat_ago=40, lease_left=-1, retry_policy='{"max_retries": 0}')
        cancelled = await running(sql, beat_ago=40, lease_left=-1)
        retried = await running(sql, beat_ago=40, lease_left=-1)
        await sql.execute("UPDATE executions SET cancel_requested_at = now() WHERE job_id = $1", cancelled)
        await leader.rescuer.step()
        found = {row["job_id"]: row["last_status"] for row in await sql.fetch("SELECT * FROM last_statuses")}
    assert found == {failed: "FAILED", cancelled: "CANCELLED"}
    assert retried not in found


async def test_a_run_that_a_tick_takes_the_place_of_is_the_outcome(leader: Leader, database: TestDatabase) -> None:
    """overlap_policy `cancel_running`: what waits ends at once, in the planner's transaction."""
    async with database.owner() as sql:
        job_id = await insert_job(
            sql, overlap_policy="cancel_running", open_since=datetime.now(UTC) - timedelta(hours=1)
        )
        await sql.execute(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at)
               VALUES ($1, 1, 'QUEUED', now() - interval '1 minute', now())""", job_id,
        )  # fmt: skip
        await leader.planner.step()
        assert await sql.fetchval("SELECT last_status FROM last_statuses WHERE job_id = $1", job_id) == "CANCELLED"
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE status = 'QUEUED'") == 1
