"""An attempt is stopped by its timeout, by a cancel, and by the loss of its lease."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from foliot.common.clock import SystemClock
from foliot.common.ledger.claim import ClaimedRow
from foliot.common.ledger.database import Database
from foliot.worker.running import LEASE
from support.databases import TestDatabase

from .conftest import Worker, queued


async def test_a_timeout_ends_the_attempt(worker: Worker, database: TestDatabase) -> None:
    worker.executor.may_end.clear()
    async with database.owner() as sql:
        worker.deliver(*await queued(sql, timeout_seconds=1))
        await worker.claimer.step()
        await worker.ran()
        row = await sql.fetchrow("SELECT * FROM executions WHERE attempt_number = 1")
        assert row is not None
        assert (row["status"], row["error_message"]) == ("TIMEOUT", "timed out after 1 s")
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE attempt_number = 2") == 1
    assert worker.executor.cancels == 1


async def test_the_heartbeat_hears_of_a_cancel(worker: Worker, database: TestDatabase) -> None:
    worker.executor.may_end.clear()
    async with database.owner() as sql:
        worker.deliver(*await queued(sql))
        await worker.claimer.step()
        await worker.executor.started.wait()
        await sql.execute("UPDATE executions SET cancel_requested_at = now()")
        await worker.heartbeat.step()
        await worker.ran()
        assert await sql.fetchval("SELECT array_agg(status) FROM executions") == ["CANCELLED"]


async def test_the_heartbeat_kills_what_was_taken(worker: Worker, database: TestDatabase) -> None:
    worker.executor.may_end.clear()
    async with database.owner() as sql:
        worker.deliver(*await queued(sql))
        await worker.claimer.step()
        await worker.executor.started.wait()
        await sql.execute("UPDATE executions SET claim = claim + 1")
        await worker.heartbeat.step()
        await worker.ran()
    assert (worker.executor.cancels, len(worker.running)) == (1, 0)


async def test_a_claim_that_is_answered_after_the_lease_starts_nothing(
    worker: Worker, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_all = worker.claimer._claim_all

    async def late(*args: Any) -> list[ClaimedRow]:
        rows = await claim_all(*args)
        worker.lease.renew_token()
        return rows

    monkeypatch.setattr(worker.claimer, "_claim_all", late)
    async with database.owner() as sql:
        delivery = worker.deliver(*await queued(sql))
        await worker.claimer.step()
        await worker.ran()
        assert await sql.fetchval("SELECT status FROM executions") == "RUNNING"  # the rescuer's to end
    assert (worker.executor.attempts, len(worker.running), worker.running.busy) == ([], 0, 0)
    assert delivery.acked == 1


async def test_a_kill_before_the_first_step_frees_the_slot(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        worker.deliver(*await queued(sql))
        await worker.claimer.step()
        (entry,) = worker.running.entries()
        entry.kill(LEASE, SystemClock())
        await worker.ran()
    assert (worker.executor.attempts, len(worker.running), worker.running.busy) == ([], 0, 0)


async def test_past_its_deadline_a_worker_kills_everything_and_takes_a_new_token(
    worker_units: Database, database: TestDatabase
) -> None:
    worker = Worker(worker_units, lease=0.6)
    await worker.heartbeat.step()
    worker.executor.may_end.clear()
    former = worker.lease.claim
    async with database.owner() as sql:
        worker.deliver(*await queued(sql))
        await worker.claimer.step()
        await worker.executor.started.wait()
        while worker.lease.holds:
            await asyncio.sleep(worker.lease.left)
        await worker.heartbeat.guard()
        await worker.ran()
        assert await sql.fetchval("SELECT status FROM executions") == "RUNNING"  # the rescuer's to end
    assert worker.executor.cancels == 1
    assert worker.lease.claim != former
    assert not worker.lease.holds


async def test_the_result_of_a_taken_attempt_is_dropped(worker: Worker, database: TestDatabase) -> None:
    """Guarded by the claim token: a result does not overwrite an attempt that was rescued."""
    worker.executor.may_end.clear()
    async with database.owner() as sql:
        worker.deliver(*await queued(sql))
        await worker.claimer.step()
        await sql.execute("UPDATE executions SET claim = claim + 1")
        worker.executor.may_end.set()
        await worker.ran()
        assert await sql.fetchval("SELECT status FROM executions") == "RUNNING"
    assert len(worker.running) == 0
