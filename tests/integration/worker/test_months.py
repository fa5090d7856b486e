"""Claims and records address the month that they are about, whatever months there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg

from foliot.common.ledger.claim import SQL
from foliot.common.ledger.statements import of_month
from foliot.common.model.execution import Handle, Outcome
from integration.worker.conftest import Worker
from support.databases import TestDatabase
from support.ledger import Sql
from support.making import insert_job

LAST_MONTH = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(microseconds=1)
"""Its last instant: a microsecond later is this month."""


async def queued_at(sql: Sql, *moments: datetime) -> list[asyncpg.Record]:
    job_id = await insert_job(sql)
    return [
        await sql.fetchrow(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at, dispatched_at)
               VALUES ($1, 1, 'QUEUED', $2, now(), now()) RETURNING *""",
            job_id,
            moment,
        )
        for moment in moments
    ]


async def statuses(sql: Sql) -> list[tuple[datetime, str]]:
    return [tuple(row) for row in await sql.fetch("SELECT scheduled_time, status FROM executions ORDER BY 1")]


async def test_a_batch_over_two_months_is_claimed_and_recorded(worker: Worker, database: TestDatabase) -> None:
    first, second = LAST_MONTH, LAST_MONTH + timedelta(microseconds=1)
    async with database.owner() as sql:
        worker.deliver(*await queued_at(sql, first, second))
        assert await worker.claimer.step() == 2
        await worker.ran()
        assert await statuses(sql) == [(first, "COMPLETED"), (second, "COMPLETED")]


async def test_each_month_by_itself(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        for moment in (LAST_MONTH, LAST_MONTH + timedelta(microseconds=1)):
            worker.deliver(*await queued_at(sql, moment))
            assert await worker.claimer.step() == 1
            await worker.ran()
        assert [status for _, status in await statuses(sql)] == ["COMPLETED", "COMPLETED"]


def test_what_a_statement_addresses() -> None:
    moments = [datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((1, 0), (1, 23), (2, 0), (30, 23))]
    midnight = datetime(2026, 12, 1, tzinfo=UTC)

    def of(first: datetime, last: datetime) -> bool:
        """True if the statement addresses November alone."""
        sql = of_month(SQL.record_executions, first, last).sql
        assert ("executions_2026_11 e" in sql) == ("executions_2026_11 w" in sql)
        return "executions_2026_11 e" in sql

    assert [of(moment, moments[3]) for moment in moments] == [False, False, True, True]
    assert not of(moments[3], midnight)


async def test_a_month_that_retention_has_dropped_holds_nothing(worker: Worker) -> None:
    """A message may be older than its month: nothing is claimed, and it is acked."""
    gone = datetime(2001, 2, 3, tzinfo=UTC)
    async with worker.units.session() as unit:
        claimed = await unit.claims.claim_executions([Handle(1, gone)], "worker-1", worker.lease.claim, 30.0, False)
    async with worker.units.transaction() as unit:
        outcome = Outcome(execution_id=1, scheduled_time=gone, status="COMPLETED")
        recorded = await unit.claims.record_executions([outcome], [0.0], worker.lease.claim, plain=False)
    assert (claimed, recorded) == ([], [])


async def test_a_month_made_later_is_the_workers_too(worker: Worker, database: TestDatabase) -> None:
    """The leader makes months with what a worker may do in them."""
    async with database.owner() as sql:
        later = await sql.fetchval("SELECT date_trunc('month', now()) + interval '7 months'")
        await sql.execute("SELECT ensure_partitions('executions', $1, $1)", later)
        worker.deliver(*await queued_at(sql, later))
        assert await worker.claimer.step() == 1
        await worker.ran()
        assert await statuses(sql) == [(later, "COMPLETED")]
