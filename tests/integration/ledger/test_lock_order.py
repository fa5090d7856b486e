"""The lock order (docs/adr/0018-lock-order.md): a job before its executions, executions and letters by id, whoever writes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from foliot.common.ledger.claim import Claims
from foliot.common.ledger.database import Database
from foliot.common.ledger.dead_letters import DeadLetters
from foliot.common.ledger.ending import Endings
from foliot.common.ledger.postgres import Session
from foliot.common.model.execution import Handle
from foliot.scheduler.rescuer import Rescuer
from foliot.scheduler.unit import Unit as SchedulerUnit
from foliot.worker.executors.attempt import Result
from foliot.worker.inbox import Held
from foliot.worker.unit import Unit
from integration.api.conftest import open_api
from integration.worker.conftest import Worker, queued
from support.databases import TestDatabase
from support.eventually import eventually
from support.ledger import Sql
from support.locks import stands_behind_a_lock
from support.making import insert_job

Write = Callable[[], Awaitable[Any]]


async def cancel(
    database: TestDatabase, _: Worker, row: asyncpg.Record, ready: Callable[[Write], Awaitable[None]]
) -> None:
    async with open_api(database) as api:
        await ready(lambda: api.call("POST", f"/v1/executions/{row['execution_id']}/cancel"))


async def cancel_many(database: TestDatabase, _: Worker, row: asyncpg.Record, ready: Any) -> None:
    async with open_api(database) as api:
        body = {"action": "cancel", "job_ids": [row["job_id"]]}
        await ready(lambda: api.call("POST", "/v1/jobs/bulk", body))


async def record(database: TestDatabase, worker: Worker, row: asyncpg.Record, ready: Any) -> None:
    worker.executor.result = Result(succeeded=False, final=True)
    worker.deliver(row)
    await worker.claimer.step()
    await asyncio.gather(*(entry.task for entry in worker.running.entries() if entry.task))
    await ready(worker.ran)


async def rescue(database: TestDatabase, worker: Worker, row: asyncpg.Record, ready: Any) -> None:
    async with database.owner() as sql, Database(database.url("scheduler"), SchedulerUnit, size=2, name="t") as units:
        await sql.execute("UPDATE leader SET term = 1")
        await sql.execute("UPDATE workers SET last_heartbeat = now() - interval '1 hour'")
        await sql.execute(
            """UPDATE executions SET status = 'RUNNING', start_time = now(), lease_until = now() - interval '1 s',
                   claim = (SELECT claim FROM workers)"""
        )
        await ready(Rescuer(units, 1, lease=30.0).step)


async def fail_unclaimable(database: TestDatabase, worker: Worker, row: asyncpg.Record, ready: Any) -> None:
    worker.deliver(row)
    (held,) = worker.inbox.take(1)
    assert isinstance(held, Held)
    await ready(lambda: worker.claimer._fail(held, asyncpg.DataError("no")))


@pytest.mark.parametrize("writer", [cancel, cancel_many, record, rescue, fail_unclaimable])
async def test_the_job_is_locked_before_its_executions(
    database: TestDatabase, worker: Worker, writer: Callable[..., Awaitable[None]]
) -> None:
    """While somebody holds the job, who ends an attempt of it waits, and holds none of its executions."""
    async with database.owner() as sql:
        (row,) = await queued(sql, overlap_policy="queue_one", retry_policy='{"max_retries": 0}')

    async def ready(write: Write) -> None:
        async with held(database, "jobs", "job_id", row["job_id"]) as watcher:
            writing = asyncio.ensure_future(write())
            await eventually(lambda: stands_behind_a_lock(watcher, "jobs"))
            await watcher.execute("SELECT FROM executions WHERE job_id = $1 FOR UPDATE NOWAIT", row["job_id"])
        await writing

    await writer(database, worker, row, ready)
    async with database.owner() as sql:
        assert await sql.fetchval("SELECT end_time IS NOT NULL FROM executions")


@contextlib.asynccontextmanager
async def held(database: TestDatabase, table: str, key: str, value: int) -> AsyncIterator[Sql]:
    """Somebody holds this row; gives a connection beside."""
    async with database.owner() as holder, database.owner() as watcher, holder.transaction():
        await holder.execute(f"SELECT FROM {table} WHERE {key} = $1 FOR UPDATE", value)
        yield watcher


BY_ID: dict[str, Callable[[Session, list[Handle], list[int]], Awaitable[Any]]] = {
    "claim": lambda session, handles, _: Claims(session).claim_executions(handles, "w", 1, 30.0, False),
    "heartbeat": lambda session, handles, _: Claims(session).renew_leases(handles, 1, 30.0),
    "hand back": lambda session, handles, _: Claims(session).hand_back(handles),
    "release": lambda session, handles, _: Claims(session).release_claimed(handles, 1),
    "lock open": lambda session, _, jobs: Endings(session).lock_open(jobs),
    "cancel open": lambda session, _, jobs: Endings(session).cancel_open(jobs),
}


@pytest.mark.parametrize("name", BY_ID)
async def test_executions_are_locked_by_id(database: TestDatabase, worker_units: Database[Unit], name: str) -> None:
    """Whatever the order in which they are named: who waits for the first holds none of the others."""
    async with database.owner() as sql:
        rows = await queued(sql, 3)
        await sql.execute("INSERT INTO workers (claim, worker_id, pools, slots) VALUES (1, 'w', '{default}', 9)")
        if name in ("heartbeat", "release"):
            await sql.execute("UPDATE executions SET status = 'RUNNING', claim = 1")
        await sql.execute("UPDATE executions SET scheduled_time = scheduled_time - execution_id * interval '1 s'")
        rows = await sql.fetch("SELECT * FROM executions ORDER BY execution_id DESC")
        await sql.execute("UPDATE jobs SET open_since = now() - interval '1 hour'")
    handles = [Handle(row["execution_id"], row["scheduled_time"]) for row in rows]
    first = handles[-1].execution_id
    async with held(database, "executions", "execution_id", first) as watcher, worker_units.session() as unit:
        writing = asyncio.ensure_future(BY_ID[name](unit.session, handles, [row["job_id"] for row in rows]))
        await eventually(lambda: stands_behind_a_lock(watcher, "executions"))
        await watcher.execute("SELECT FROM executions WHERE execution_id > $1 FOR UPDATE NOWAIT", first)
        writing.cancel()
        await asyncio.wait([writing])


async def test_one_jobs_executions_are_locked_by_id_too(database: TestDatabase, worker_units: Database[Unit]) -> None:
    """Not by the ledger's key: a retry has a later id and an earlier time than the run that waits for it."""
    async with database.owner() as sql:
        job_id = await insert_job(sql, open_since=datetime(2000, 1, 1, tzinfo=UTC))
        for age in (1, 2):
            await sql.execute(
                """INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at)
                   VALUES ($1, 1, 'QUEUED', now() - $2 * interval '1 s', now())""",
                job_id, age,
            )  # fmt: skip
        first = await sql.fetchval("SELECT min(execution_id) FROM executions")
    async with held(database, "executions", "execution_id", first) as watcher, worker_units.transaction() as unit:
        writing = asyncio.ensure_future(Endings(unit.session).cancel_open([job_id]))
        await eventually(lambda: stands_behind_a_lock(watcher, "executions"))
        await watcher.execute("SELECT FROM executions WHERE execution_id > $1 FOR UPDATE NOWAIT", first)
        writing.cancel()
        await asyncio.wait([writing])


async def test_dead_letters_are_locked_by_id(database: TestDatabase) -> None:
    async with database.owner() as sql:
        await sql.execute(
            """INSERT INTO dead_letters (execution_id, scheduled_time, job_id, user_id, attempt_number, status, fingerprint)
               SELECT n, now(), 1, 1, 1, 'FAILED', 'x' FROM unnest(ARRAY[3, 2, 1]) n"""
        )
    async with (
        held(database, "dead_letters", "execution_id", 1) as watcher,
        Database(database.url("scheduler"), SchedulerUnit, size=2, name="t") as units,
        units.session() as unit,
    ):
        writing = asyncio.ensure_future(DeadLetters(unit.session).close_letters([3, 2, 1], "discarded"))
        await eventually(lambda: stands_behind_a_lock(watcher, "dead_letters"))
        await watcher.execute("SELECT FROM dead_letters WHERE execution_id > 1 FOR UPDATE NOWAIT")
        writing.cancel()
        await asyncio.wait([writing])


async def test_a_waiting_run_that_somebody_holds_is_passed_over(
    database: TestDatabase, worker_units: Database[Unit]
) -> None:
    """Its release never waits: who holds it releases or cancels it, and reconcile looks every second."""
    async with database.owner() as sql:
        job_id = await insert_job(sql)
        await sql.execute(
            "INSERT INTO executions (job_id, user_id, status, scheduled_time) VALUES ($1, 1, 'QUEUED', now())", job_id
        )
    async with database.owner() as holder:
        async with holder.transaction():
            await holder.execute("SELECT FROM executions FOR UPDATE")
            async with asyncio.timeout(5), worker_units.session() as unit:
                await unit.endings.release_waiting([job_id])
        async with worker_units.session() as unit:
            await unit.endings.release_waiting([job_id])
        assert await holder.fetchval("SELECT available_at IS NOT NULL FROM executions")


@pytest.fixture
async def worker_units(database: TestDatabase) -> AsyncIterator[Database[Unit]]:
    async with Database(database.url("worker"), Unit, size=6, name="worker-test") as opened:
        yield opened


@pytest.fixture
async def worker(worker_units: Database[Unit]) -> Worker:
    made = Worker(worker_units)
    await made.heartbeat.step()
    return made
