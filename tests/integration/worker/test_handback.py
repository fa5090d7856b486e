"""Deliveries that are not run here go back to the outbox, those of an interrupted claim among them."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from foliot.common.errors import Unavailable
from support.databases import TestDatabase
from support.eventually import eventually
from support.ledger import Sql
from support.locks import stands_behind_a_lock

from .conftest import LosesAnswers, Worker, queued

BACK = ("QUEUED", None, None)


async def states(sql: Sql) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await sql.fetch("SELECT status, dispatched_at, claim FROM executions")]


async def test_handed_back_through_the_database(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        delivery = worker.deliver(*await queued(sql))
        await worker.hand_back.give_back(worker.inbox.take(10))
        row = await sql.fetchrow("SELECT status, dispatched_at FROM executions")
    assert row is not None
    assert (row["status"], row["dispatched_at"], delivery.acked) == ("QUEUED", None, 1)


async def test_a_stop_releases_a_claim_whose_answer_was_lost(worker: Worker, database: TestDatabase) -> None:
    worker.claimer._database = LosesAnswers(worker.units)  # type: ignore[assignment]
    async with database.owner() as sql:
        delivery = worker.deliver(*await queued(sql, 2))
        with pytest.raises(Unavailable):
            await worker.claimer.step()
        await worker.hand_back.stop(worker.claimer.doubtful)
        assert await states(sql) == [BACK, BACK]
    assert (delivery.acked, len(worker.inbox)) == (1, 0)


async def test_a_stop_hands_back_a_claim_that_was_never_committed(worker: Worker, database: TestDatabase) -> None:
    """The message is acked, so the row must be dispatched again."""
    async with database.owner() as sql, database.owner() as other:
        delivery = worker.deliver(*await queued(sql))
        transaction = other.transaction()
        await transaction.start()
        await other.execute("SELECT FROM executions FOR UPDATE")
        claiming = asyncio.create_task(worker.claimer.run())
        await eventually(lambda: stands_behind_a_lock(sql, "UPDATE executions"))
        claiming.cancel()
        await asyncio.wait([claiming])
        await transaction.rollback()
        await worker.hand_back.stop(worker.claimer.doubtful)
        assert await states(sql) == [BACK]
    assert (delivery.acked, worker.executor.attempts) == (1, [])


async def test_an_error_that_is_nobodys_puts_the_deliveries_back(
    worker: Worker, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the error: a delivery is handed back or held, never out of the inbox without an ack."""

    async def refuse(*_: object) -> None:
        raise asyncpg.InsufficientPrivilegeError("not yours")

    async with database.owner() as sql:
        delivery = worker.deliver(*await queued(sql, 2))
        with monkeypatch.context() as patch:
            patch.setattr("foliot.common.ledger.claim.Claims.hand_back", refuse)
            with pytest.raises(asyncpg.PostgresError):
                await worker.hand_back.give_back(worker.inbox.take(10))
            await worker.hand_back.stop(None)
        assert (delivery.acked, len(worker.inbox)) == (0, 2)
        await worker.hand_back.stop(None)
        assert await states(sql) == [BACK, BACK]
    assert (delivery.acked, len(worker.inbox)) == (1, 0)
