"""Claim, run, record on a real ledger: the fences of an attempt."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
import pytest

from foliot.common.errors import Unavailable
from foliot.common.ledger.database import Database
from foliot.worker import running
from foliot.worker.executors.attempt import Result
from foliot.worker.unit import Unit
from support.databases import TestDatabase

from .conftest import SLOTS, Worker, queued


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
    assert len(worker.executor.attempts) == 1


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


async def test_the_result_of_a_taken_attempt_is_dropped(worker: Worker, database: TestDatabase) -> None:
    """Guarded by the claim token: what was rescued meanwhile is not overwritten."""
    worker.executor.may_end.clear()
    async with database.owner() as sql:
        worker.deliver(*await queued(sql))
        await worker.claimer.step()
        await sql.execute("UPDATE executions SET claim = claim + 1")
        worker.executor.may_end.set()
        await worker.ran()
        assert await sql.fetchval("SELECT status FROM executions") == "RUNNING"
    assert len(worker.running) == 0


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


async def test_handed_back_through_the_database(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        delivery = worker.deliver(*await queued(sql))
        await worker.hand_back.give_back(worker.inbox.take(10))
        row = await sql.fetchrow("SELECT status, dispatched_at FROM executions")
    assert row is not None
    assert (row["status"], row["dispatched_at"], delivery.acked) == ("QUEUED", None, 1)


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
    assert len(worker.executor.attempts) == 1


async def test_a_poisonous_result_spoils_only_itself(worker_units: Database, database: TestDatabase) -> None:
    """499 of 500 are recorded as they ended."""
    worker = Worker(worker_units, slots=500)
    await worker.heartbeat.step()
    async with database.owner() as sql:
        worker.executor.may_end.clear()
        worker.deliver(*await queued(sql, 500, retry_policy='{"max_retries": 0}'))
        await worker.claimer.step()
        worker.executor.may_end.set()
        await asyncio.gather(*(e.task for e in worker.running.entries() if e.task))
        msgspec.structs.force_setattr(worker.recorder._waiting[321], "logs", "a\0b")
        await worker.ran()
        statuses = await sql.fetch("SELECT status, count(*) AS n FROM executions GROUP BY status ORDER BY status")
        reason = await sql.fetchval("SELECT error_message FROM executions WHERE status = 'FAILED'")
    assert [tuple(row) for row in statuses] == [("COMPLETED", 499), ("FAILED", 1)]
    assert "could not be stored" in reason


async def test_a_row_that_breaks_each_claim_stops_nobody(worker_units: Database, database: TestDatabase) -> None:
    """499 of 500 run; the one that PostgreSQL refuses to claim is FAILED with the reason, and given up."""
    worker = Worker(worker_units, slots=500)
    await worker.heartbeat.step()
    async with database.owner() as sql:
        rows = await queued(sql, 500)
        bad = rows[123]["execution_id"]
        await sql.execute(
            f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = '22000'; END $$;
                CREATE TRIGGER poison BEFORE UPDATE ON executions FOR EACH ROW
                WHEN (NEW.status = 'RUNNING' AND NEW.execution_id = {bad}) EXECUTE FUNCTION refuse()"""
        )
        delivery = worker.deliver(*rows)
        await worker.claimer.step()
        await worker.ran()
        statuses = await sql.fetch("SELECT status, count(*) AS n FROM executions GROUP BY status ORDER BY status")
        letter = await sql.fetchrow("SELECT * FROM dead_letters")
    assert [tuple(row) for row in statuses] == [("COMPLETED", 499), ("FAILED", 1)]
    assert letter is not None
    assert (letter["execution_id"], delivery.acked) == (bad, 1)
    assert "could not be claimed" in letter["error_message"]


class LosesAnswers:
    """A database whose first write succeeds without anybody hearing of it."""

    def __init__(self, units: Database) -> None:
        self._units = units
        self._lost = False

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Unit]:
        async with self._units.transaction() as unit:
            yield unit
        if not self._lost:
            self._lost = True
            raise Unavailable("connection lost in COMMIT")

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Unit]:
        async with self._units.session() as unit:
            yield unit
        if not self._lost:
            self._lost = True
            raise Unavailable("connection lost before the answer")


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
