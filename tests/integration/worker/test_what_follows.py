"""The record of an attempt writes what follows from it: a retry, a dead letter, the next run, the end of the job."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from foliot.common.ledger.database import Database
from foliot.worker.executors.attempt import Result
from foliot.worker.unit import Unit
from support.databases import TestDatabase

from .conftest import Worker, queued


async def test_a_failure_is_retried_and_then_given_up(worker: Worker, database: TestDatabase) -> None:
    worker.executor.result = Result(succeeded=False, exit_code=1, error_message="exit 1")
    async with database.owner() as sql:
        rows = await queued(
            sql,
            schedule="2026-01-01T00:00:00Z",
            next_run_time=None,
            retry_policy='{"max_retries": 1, "backoff_factor": 0}',
        )
        worker.deliver(*rows)
        await worker.claimer.step()
        await worker.ran()
        (retry,) = await sql.fetch("SELECT * FROM executions WHERE status = 'QUEUED'")
        assert (retry["attempt_number"], retry["trigger"]) == (2, "retry")
        assert retry["scheduled_time"] == rows[0]["scheduled_time"]
        assert await sql.fetchval("SELECT status FROM jobs") == "PENDING"
        worker.deliver(retry)
        await worker.claimer.step()
        await worker.ran()
        assert await sql.fetchval("SELECT status FROM jobs") == "FAILED"
        (letter,) = await sql.fetch("SELECT * FROM dead_letters")
    assert (letter["execution_id"], letter["attempt_number"], letter["closed_at"]) == (retry["execution_id"], 2, None)


@pytest.mark.parametrize("final", [Result(succeeded=False, final=True), Result(succeeded=False)])
async def test_final_failures_and_exhausted_policies_get_no_retry(
    worker: Worker, database: TestDatabase, final: Result
) -> None:
    worker.executor.result = final
    policy = '{"max_retries": 3}' if final.final else '{"max_retries": 0}'
    async with database.owner() as sql:
        worker.deliver(*await queued(sql, retry_policy=policy))
        await worker.claimer.step()
        await worker.ran()
        assert await sql.fetchval("SELECT count(*) FROM executions") == 1
        assert await sql.fetchval("SELECT count(*) FROM dead_letters") == 1


async def test_a_run_that_waits_is_released_by_the_record(worker: Worker, database: TestDatabase) -> None:
    """Also where nothing else follows from the end of the run, and it is recorded by one statement."""
    async with database.owner() as sql:
        (row,) = await queued(sql)
        await sql.execute("UPDATE jobs SET open_since = $1", row["scheduled_time"])
        await sql.execute(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time)
               VALUES ($1, 1, 'QUEUED', $2::timestamptz + interval '1 s')""", row["job_id"], row["scheduled_time"],
        )  # fmt: skip
        worker.deliver(row)
        await worker.claimer.step()
        assert not worker.running.entries()[0].claimed.settles
        await worker.ran()
        rows = await sql.fetch("SELECT status, available_at IS NULL AS waits FROM executions ORDER BY scheduled_time")
    assert [tuple(row) for row in rows] == [("COMPLETED", False), ("QUEUED", False)]


async def test_of_two_last_runs_one_writes_the_end(
    worker: Worker, worker_units: Database, database: TestDatabase
) -> None:
    """Both end at once under `allow`: the job's row is locked before the open ones are looked at."""
    async with database.owner() as sql:
        (first,) = await queued(sql, schedule="2026-01-01T00:00:00Z", next_run_time=None, overlap_policy="allow")
        await sql.execute(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at, dispatched_at)
               VALUES ($1, 1, 'QUEUED', now(), now(), now())""", first["job_id"],
        )  # fmt: skip
        worker.executor.may_end.clear()
        worker.deliver(*await sql.fetch("SELECT * FROM executions ORDER BY execution_id"))
        await worker.claimer.step()
        worker.executor.may_end.set()
        await asyncio.gather(*(e.task for e in worker.running.entries() if e.task))
        one, other = worker.recorder._waiting
        slow = Worker(HoldsCommits(worker_units))  # type: ignore[arg-type]
        slow.lease.claim = worker.lease.claim
        first_end = asyncio.create_task(slow.recorder.step([one]))
        await HoldsCommits.reached.wait()
        second_end = asyncio.create_task(worker.recorder.step([other]))
        await asyncio.wait({second_end}, timeout=0.3)
        HoldsCommits.go.set()
        await asyncio.gather(first_end, second_end)
        assert await sql.fetchval("SELECT status FROM jobs") == "COMPLETED"


class HoldsCommits:
    """A database whose transaction commits when the test says so."""

    reached = asyncio.Event()
    go = asyncio.Event()

    def __init__(self, units: Database) -> None:
        self._units = units

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Unit]:
        async with self._units.transaction() as unit:
            yield unit
            self.reached.set()
            await self.go.wait()
