"""A claim that comes too late: its token is dead, and nothing may start under it.

A stopped process or a network that was away can hold a claim back for longer than a lease. By then the token may be
forgotten, so that nobody would ever rescue what it claims.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from foliot.common.errors import Unavailable
from foliot.common.ledger.claim import ClaimedRow
from support.databases import TestDatabase
from support.ledger import Sql

from .conftest import LosesAnswers, Worker, queued


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


def answered_late(worker: Worker) -> Callable[..., Awaitable[list[ClaimedRow]]]:
    """A claim whose answer comes after the lease is lost."""
    claim_all = worker.claimer._claim_all

    async def claimed(*args: Any) -> list[ClaimedRow]:
        rows = await claim_all(*args)
        worker.lease.renew_token()
        return rows

    return claimed


async def test_what_was_claimed_under_a_lost_lease_is_released(
    worker: Worker, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.owner() as sql:
        (row,) = await queued(sql)
        delivery = worker.deliver(row)
        with monkeypatch.context() as patched:
            patched.setattr(worker.claimer, "_claim_all", answered_late(worker))
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
    worker: Worker, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Released, it would start elsewhere while it still runs here."""
    async with database.owner() as sql:
        await run_one_and_deliver_a_copy(worker, sql)
        worker.deliver(*await queued(sql))
        monkeypatch.setattr(worker.claimer, "_claim_all", answered_late(worker))
        assert await worker.claimer.step() == 0
        rows = await sql.fetch("SELECT status FROM executions ORDER BY execution_id")
    assert [row["status"] for row in rows] == ["RUNNING", "QUEUED"]


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
