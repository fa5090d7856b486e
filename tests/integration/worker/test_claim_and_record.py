"""Claim, run, record on a real ledger: each execution once, whatever is delivered twice or answered never."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from foliot.common.errors import Unavailable
from foliot.common.ledger.database import Database
from foliot.worker import running
from support.databases import TestDatabase

from .conftest import SLOTS, LosesAnswers, Worker, queued


async def test_claims_runs_and_records(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        rows = await queued(sql, schedule="2026-01-01T00:00:00Z", next_run_time=None)
        worker.executor.may_end.clear()
        worker.executor.output = b"hello\n"
        delivery = worker.deliver(*rows)
        await worker.claimer.step()
        await worker.executor.started.wait()
        running = await sql.fetchrow("SELECT *, lease_until - start_time AS lease FROM executions")
        assert running is not None
        assert (running["status"], running["worker_id"], running["claim"]) == (
            "RUNNING",
            "worker-1",
            worker.lease.claim,
        )
        assert running["lease"].total_seconds() == pytest.approx(30, abs=0.1)
        assert delivery.acked == 1
        worker.executor.may_end.set()
        await worker.ran()
        done = await sql.fetchrow("SELECT * FROM executions")
        assert done is not None
        assert (done["status"], done["exit_code"], done["logs"], done["job_version"]) == ("COMPLETED", 0, "hello\n", 1)
        assert done["duration_ms"] >= 0
        assert await sql.fetchval("SELECT status FROM jobs") == "COMPLETED"
    assert len(worker.running) == 0


async def test_two_workers_claim_each_execution_once(
    worker: Worker, worker_units: Database, database: TestDatabase
) -> None:
    other = Worker(worker_units, "worker-2")
    await other.heartbeat.step()
    async with database.owner() as sql:
        rows = await queued(sql, 10)
        worker.deliver(*rows)
        other.deliver(*rows)
        await asyncio.gather(worker.claimer.step(), other.claimer.step())
        await worker.ran()
        await other.ran()
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE status = 'COMPLETED'") == 10
    assert len(worker.executor.attempts) + len(other.executor.attempts) == 10


async def test_a_copy_of_a_message_is_acked_and_forgotten(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        rows = await queued(sql)
        worker.deliver(*rows)
        await worker.claimer.step()
        await worker.ran()
        copy = worker.deliver(*rows)
        assert await worker.claimer.step() == 0
    assert copy.acked == 1
    assert [attempt.tenant for attempt in worker.executor.attempts] == ["user 1"]


async def test_an_attempt_of_a_cancelled_job_is_cancelled_instead(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        rows = await queued(sql, status="CANCELLED", next_run_time=None)
        worker.deliver(*rows)
        await worker.claimer.step()
        row = await sql.fetchrow("SELECT status, start_time, end_time FROM executions")
    assert row is not None
    assert (row["status"], row["start_time"]) == ("CANCELLED", None)
    assert row["end_time"] is not None
    assert worker.executor.attempts == []


async def test_what_is_not_recorded_keeps_others_from_being_claimed(
    worker: Worker, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the slots at most UNRECORDED: a recorder that is slower than the claims does not pile them up."""
    monkeypatch.setattr(running, "UNRECORDED", 2)
    async with database.owner() as sql:
        worker.deliver(*await queued(sql, SLOTS + 5))
        assert await worker.claimer.step() == SLOTS
        await asyncio.gather(*(entry.task for entry in worker.running.entries() if entry.task))
        assert worker.running.busy == 0
        assert await worker.claimer.step() == 2
        assert worker.running.free == 0
        worker.claimer._claimable.clear()
        await worker.ran()
        assert worker.running.free == SLOTS
        assert worker.claimer._claimable.is_set()


async def test_a_claim_of_unknown_outcome_is_asked_again_under_the_same_token(
    worker: Worker, database: TestDatabase
) -> None:
    """The commit arrives, its answer does not: the attempt runs all the same, once."""
    worker.claimer._database = LosesAnswers(worker.units)  # type: ignore[assignment]
    async with database.owner() as sql:
        delivery = worker.deliver(*await queued(sql))
        with pytest.raises(Unavailable):
            await worker.claimer.step()
        assert await sql.fetchval("SELECT status FROM executions") == "RUNNING"
        assert delivery.acked == 0
        assert await worker.claimer.step() == 1
        await worker.ran()
        assert await sql.fetchval("SELECT status FROM executions") == "COMPLETED"
    assert [attempt.tenant for attempt in worker.executor.attempts] == ["user 1"]


async def test_deliveries_of_one_execution_in_one_batch(worker: Worker, database: TestDatabase) -> None:
    """One of them has the wrong time. The attempt is claimed once and keeps its own time: with another one its lease
    would not be renewed."""
    async with database.owner() as sql:
        (row,) = await queued(sql)
        forged = dict(row) | {"scheduled_time": row["scheduled_time"] + timedelta(microseconds=1)}
        deliveries = [worker.deliver(row), worker.deliver(row, row), worker.deliver(forged)]
        worker.executor.may_end.clear()
        claimed = [await worker.claimer.step() for _ in range(4)]
        await worker.executor.started.wait()
        await worker.heartbeat.step()
        worker.executor.may_end.set()
        await worker.ran()
        assert sum(claimed) == 1
        assert len(worker.executor.attempts) == 1
        assert [delivery.acked for delivery in deliveries] == [1, 1, 1]
        assert await sql.fetchval("SELECT status FROM executions") == "COMPLETED"
    assert len(worker.inbox) == 0
