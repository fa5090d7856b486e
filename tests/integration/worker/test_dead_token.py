"""A claim that comes too late: its token is dead, and nothing may start under it.

A stopped process or a network that was away can hold a claim back for longer than a lease. By then the token may be
forgotten, so that nobody would ever rescue what it claims.
"""

from __future__ import annotations

from typing import Any

import pytest

from foliot.common.ledger.claim import ClaimedRow
from support.databases import TestDatabase

from .conftest import Worker, queued


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


async def test_what_was_claimed_under_a_lost_lease_is_released(
    worker: Worker, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.owner() as sql:
        (row,) = await queued(sql)
        delivery = worker.deliver(row)
        claimed = worker.claimer._claim_all

        async def answered_late(*args: Any) -> list[ClaimedRow]:
            rows = await claimed(*args)
            worker.lease.renew_token()
            return rows

        monkeypatch.setattr(worker.claimer, "_claim_all", answered_late)
        assert await worker.claimer.step() == 0
        monkeypatch.undo()
        assert await sql.fetchval("SELECT status FROM executions") == "QUEUED"
        assert not len(worker.running)
        assert (len(worker.inbox), delivery.acked) == (1, 0)
        await worker.heartbeat.step()
        assert await worker.claimer.step() == 1
        await worker.ran()
        assert await sql.fetchval("SELECT status FROM executions") == "COMPLETED"
    assert delivery.acked == 1
