"""last_status: the outcome of a job's last run that ended, written by whatever ends a run, and only where it differs."""

from __future__ import annotations

import asyncpg
import pytest

from foliot.worker.executors.attempt import Result
from support.databases import TestDatabase
from support.ledger import Sql

from .conftest import Worker, queued

FAILURE = Result(succeeded=False, exit_code=1, error_message="exit 1")
SUCCESS = Result(succeeded=True, exit_code=0)


async def statuses(sql: Sql) -> dict[int, str]:
    return {row["job_id"]: row["last_status"] for row in await sql.fetch("SELECT * FROM last_statuses")}


async def rows(sql: Sql) -> list[asyncpg.Record]:
    """Versions of rows: an update makes another one."""
    return await sql.fetch("SELECT ctid, * FROM last_statuses ORDER BY job_id")


async def ran(worker: Worker, *executions: asyncpg.Record, result: Result = SUCCESS) -> None:
    worker.executor.result = result
    worker.deliver(*executions)
    await worker.claimer.step()
    await worker.ran()


async def again(sql: Sql, job_id: int) -> asyncpg.Record:
    """The next run of a job."""
    row = await sql.fetchrow(
        """INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at, dispatched_at, term)
           VALUES ($1, 1, 'QUEUED', clock_timestamp(), now(), now(), 1) RETURNING *""", job_id,
    )  # fmt: skip
    assert row is not None
    return row


async def test_a_job_that_always_succeeds_is_written_once(worker: Worker, database: TestDatabase) -> None:
    """By the one statement that records plain successes."""
    async with database.owner() as sql:
        first, second = await queued(sql, 2)
        await ran(worker, first, second)
        job_id = first["job_id"]
        assert await statuses(sql) == {job_id: "COMPLETED", second["job_id"]: "COMPLETED"}
        before = await rows(sql)
        await ran(worker, await again(sql, job_id), await again(sql, job_id))
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE status = 'COMPLETED'") == 4
        assert await rows(sql) == before


async def test_it_follows_failure_and_recovery(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        (row,) = await queued(sql, retry_policy='{"max_retries": 0}')
        job_id = row["job_id"]
        await ran(worker, row, result=FAILURE)
        assert await statuses(sql) == {job_id: "FAILED"}
        before = await rows(sql)
        await ran(worker, await again(sql, job_id), result=FAILURE)
        assert await rows(sql) == before
        await ran(worker, await again(sql, job_id))
        assert await statuses(sql) == {job_id: "COMPLETED"}


async def test_an_attempt_that_is_retried_ends_no_run(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await ran(worker, *await queued(sql, retry_policy='{"max_retries": 1, "backoff_factor": 0}'), result=FAILURE)
        assert await statuses(sql) == {}
        await ran(worker, *await sql.fetch("SELECT * FROM executions WHERE status = 'QUEUED'"))
        assert set((await statuses(sql)).values()) == {"COMPLETED"}


async def test_a_one_time_job_that_completes_needs_no_row(worker: Worker, database: TestDatabase) -> None:
    """Its own status tells it. A row that is there already follows all the same."""
    async with database.owner() as sql:
        first, second, failing = await queued(
            sql, 3, schedule="immediate", next_run_time=None, retry_policy='{"max_retries": 0}'
        )
        await sql.execute("INSERT INTO last_statuses VALUES ($1, 'FAILED')", second["job_id"])
        await ran(worker, first, second)
        await ran(worker, failing, result=FAILURE)
        assert await statuses(sql) == {second["job_id"]: "COMPLETED", failing["job_id"]: "FAILED"}
        assert await sql.fetchval("SELECT count(*) FROM jobs WHERE status = 'COMPLETED'") == 2


@pytest.mark.parametrize("result", [SUCCESS, FAILURE])
async def test_a_fenced_result_changes_nothing(worker: Worker, database: TestDatabase, result: Result) -> None:
    async with database.owner() as sql:
        (row,) = await queued(sql, retry_policy='{"max_retries": 0}')
        worker.executor.result = result
        worker.executor.may_end.clear()
        worker.deliver(row)
        await worker.claimer.step()
        await sql.execute("UPDATE executions SET claim = claim + 1")
        worker.executor.may_end.set()
        await worker.ran()
        assert await statuses(sql) == {}


async def test_a_cancelled_job_ends_its_run_at_the_claim(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        (row,) = await queued(sql)
        await sql.execute("UPDATE jobs SET status = 'CANCELLED'")
        await ran(worker, row)
        assert await statuses(sql) == {row["job_id"]: "CANCELLED"}


async def test_an_attempt_that_cannot_be_claimed_fails_its_run(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        (row,) = await queued(sql)
        worker.deliver(row)
        (held,) = worker.inbox.take(1)
        await worker.claimer._fail(held, ValueError("poison"))
        assert await statuses(sql) == {row["job_id"]: "FAILED"}


async def test_the_row_goes_with_the_job(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        kept, gone = await queued(sql, 2)
        await ran(worker, kept, gone)
        await sql.execute("UPDATE jobs SET job_name = 'edited'")
        assert len(await statuses(sql)) == 2
        await sql.execute("DELETE FROM jobs WHERE job_id = $1", gone["job_id"])
        assert set(await statuses(sql)) == {kept["job_id"]}
