"""Jobs that cannot be planned: they fail, and the others of their batch are planned."""

from __future__ import annotations

from support.databases import TestDatabase
from support.making import insert_job

from .conftest import Leader


async def test_a_poisonous_row_stops_nobody(leader: Leader, database: TestDatabase) -> None:
    """499 of 500 are planned; the one whose zone nobody knows is FAILED and audited."""
    async with database.owner() as sql:
        for n in range(500):
            await insert_job(sql, job_name=f"job {n}", timezone="No/Where" if n == 250 else "UTC")
        await leader.planner.step()
        await leader.planner.step()
        assert await sql.fetchval("SELECT count(DISTINCT job_id) FROM executions") == 499
        (failed,) = await sql.fetch("SELECT * FROM jobs WHERE status = 'FAILED'")
        assert failed["job_name"] == "job 250"
        (audit,) = await sql.fetch("SELECT * FROM audit_logs WHERE user_id = 0")
        assert audit["resource_id"] == failed["job_id"]


async def test_times_beyond_all_calendars_stop_nobody(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        odd, good = [await insert_job(sql) for _ in range(2)]
        await sql.execute("UPDATE jobs SET next_run_time = '-infinity', end_at = 'infinity' WHERE job_id = $1", odd)
        for _ in range(3):
            await leader.planner.step()
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE job_id = $1 AND status = 'QUEUED'", good) == 1


async def test_a_time_of_another_age_makes_no_months_and_stops_nobody(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        count = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'executions'::regclass"
        months = await sql.fetchval(count)
        good, odd, late = [await insert_job(sql) for _ in range(3)]
        await sql.execute("UPDATE jobs SET next_run_time = '0800-12-25 00:00Z' WHERE job_id = $1", odd)
        await sql.execute("UPDATE jobs SET next_run_time = now() - interval '1 year' WHERE job_id = $1", late)
        for _ in range(3):
            await leader.planner.step()
        assert await sql.fetchval("SELECT array_agg(job_id) FROM jobs WHERE status = 'FAILED'") == [odd]
        planned = "SELECT array_agg(DISTINCT job_id ORDER BY job_id) FROM executions WHERE status = 'QUEUED'"
        assert await sql.fetchval(planned) == [good, late]
        assert 0 < await sql.fetchval(count) - months <= 12
        assert "0800-12-25" in await sql.fetchval("SELECT new_value ->> 'reason' FROM audit_logs")


async def test_a_row_that_the_server_refuses_is_found_by_splitting(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        for n in range(50):
            await insert_job(sql, job_name=f"job {n}")
        await sql.execute("ALTER TABLE executions ADD CONSTRAINT poison CHECK (job_id <> 13)")
        await leader.planner.step()
        assert await sql.fetchval("SELECT count(*) FROM executions") == 49
        assert await sql.fetchval("SELECT job_id FROM jobs WHERE status = 'FAILED'") == 13
