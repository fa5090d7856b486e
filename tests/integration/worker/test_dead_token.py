"""A claim that comes too late: its token is dead, and nothing may start under it.

A stopped process or a network that was away can hold a claim back for longer than a lease. By then the token may be
forgotten, so that nobody would ever rescue what it claims.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from foliot.common.errors import Unavailable
from foliot.common.ledger.database import Database
from foliot.worker.unit import Unit
from support.databases import TestDatabase
from support.ledger import Sql

from .conftest import LosesAnswers, Worker, queued


class LosesItsLease:
    """A database whose answer to the first statement comes after the lease is lost."""

    def __init__(self, units: Database, worker: Worker) -> None:
        self._units = units
        self._worker = worker
        self._lost = False

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Unit]:
        async with self._units.session() as unit:
            yield unit
        if not self._lost:
            self._lost = True
            self._worker.lease.renew_token()


@pytest.mark.parametrize(
    "dead",
    ["UPDATE workers SET last_heartbeat = now() - interval '31 s'", "DELETE FROM workers"],
    ids=["silent", "gone"],
)
async def test_a_token_without_a_living_heartbeat_claims_nothing(
    worker: Worker, database: TestDatabase, dead: str
) -> None:
    async with database.owner() as sql:
        await sql.execute(dead)
        (row,) = await queued(sql)
        worker.deliver(row)
        assert await worker.claimer.step() == 0
        assert await sql.fetchval("SELECT status FROM executions") == "QUEUED"
    assert not worker.executor.attempts


async def test_what_was_claimed_under_a_lost_lease_is_released(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        (row,) = await queued(sql)
        delivery = worker.deliver(row)
        worker.claimer._database = LosesItsLease(worker.units, worker)  # type: ignore[assignment]
        assert await worker.claimer.step() == 0
        assert await sql.fetchval("SELECT status FROM executions") == "QUEUED"
        assert not len(worker.running)
        assert (len(worker.inbox), delivery.acked) == (1, 0)
        await worker.heartbeat.step()
        assert await worker.claimer.step() == 1
        await worker.ran()
        assert await sql.fetchval("SELECT status FROM executions") == "COMPLETED"
    assert delivery.acked == 1


async def run_one_and_deliver_a_copy(worker: Worker, sql: Sql) -> None:
    worker.executor.may_end.clear()
    (row,) = await queued(sql)
    worker.deliver(row)
    assert await worker.claimer.step() == 1
    await worker.executor.started.wait()
    worker.deliver(row)


async def test_a_lost_lease_does_not_release_what_runs_here_from_another_message(
    worker: Worker, database: TestDatabase
) -> None:
    """Released, it would start elsewhere while it still runs here."""
    async with database.owner() as sql:
        await run_one_and_deliver_a_copy(worker, sql)
        worker.claimer._database = LosesItsLease(worker.units, worker)  # type: ignore[assignment]
        assert await worker.claimer.step() == 0
        assert await sql.fetchval("SELECT status FROM executions") == "RUNNING"


async def test_a_stop_does_not_release_what_runs_here_from_another_message(
    worker: Worker, database: TestDatabase
) -> None:
    async with database.owner() as sql:
        await run_one_and_deliver_a_copy(worker, sql)
        worker.deliver(*await queued(sql))
        worker.claimer._database = LosesAnswers(worker.units)  # type: ignore[assignment]
        with pytest.raises(Unavailable):
            await worker.claimer.step()
        await worker.hand_back.stop(worker.claimer.doubtful)
        rows = await sql.fetch("SELECT status FROM executions ORDER BY execution_id")
    assert [row["status"] for row in rows] == ["RUNNING", "QUEUED"]
