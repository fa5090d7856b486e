"""A row that PostgreSQL refuses ends by itself; the rest of its batch goes on."""

from __future__ import annotations

import asyncio

import msgspec

from foliot.common.ledger.database import Database
from support.databases import TestDatabase

from .conftest import Worker, queued


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
