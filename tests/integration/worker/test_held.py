"""A run that was handed out before its time is claimed, and held until then."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import asyncpg

from support.databases import TestDatabase

from .conftest import Worker, queued


async def ahead(sql: asyncpg.Connection[asyncpg.Record], worker: Worker, by: timedelta) -> datetime:
    """Gives the time at which the delivered run may begin."""
    (row,) = await queued(sql)
    available_at: datetime = await sql.fetchval(
        "UPDATE executions SET available_at = now() + $1 RETURNING available_at", by
    )
    worker.deliver(row)
    return available_at


async def test_begins_when_its_time_has_come(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        begin = await ahead(sql, worker, timedelta(seconds=0.3))
        assert await worker.claimer.step() == 1
        row = await sql.fetchrow("SELECT status, start_time FROM executions")
        assert row is not None
        assert (row["status"], row["start_time"]) == ("RUNNING", begin)
        assert not worker.executor.begun
        await worker.ran()
        row = await sql.fetchrow("SELECT status, end_time >= start_time AS in_order FROM executions")
    assert row is not None
    assert (row["status"], row["in_order"]) == ("COMPLETED", True)
    assert worker.executor.begun[0] >= begin


async def test_a_cancel_while_it_is_held(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await ahead(sql, worker, timedelta(hours=1))
        await worker.claimer.step()
        await asyncio.sleep(0)
        await sql.execute("UPDATE executions SET cancel_requested_at = now()")
        await worker.heartbeat.step()
        await worker.ran()
        row = await sql.fetchrow("SELECT status, end_time >= start_time AS in_order FROM executions")
    assert row is not None
    assert (row["status"], row["in_order"]) == ("CANCELLED", True)
    assert not worker.executor.attempts
    assert worker.running.free == worker.running._slots


async def test_the_timeout_counts_from_its_time(worker: Worker, database: TestDatabase) -> None:
    worker.executor.may_end.clear()
    async with database.owner() as sql:
        (row,) = await queued(sql, timeout_seconds=1)
        await sql.execute("UPDATE executions SET available_at = now() + interval '1.2 s'")
        worker.deliver(row)
        await worker.claimer.step()
        await worker.ran()
        row = await sql.fetchrow("SELECT * FROM executions WHERE attempt_number = 1")
    assert row is not None
    assert (row["status"], row["error_message"]) == ("TIMEOUT", "timed out after 1 s")
    assert len(worker.executor.attempts) == 1
