"""Dispatch of what is planned: as far as the window reaches, and again until the broker has confirmed it."""

from __future__ import annotations

from foliot.common.ledger.database import Database
from foliot.scheduler.relay import Relay
from support.databases import TestDatabase
from support.making import insert_job

from .conftest import Leader, take_term


async def test_the_window_leaves_the_rest_to_the_relay(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        for priority in [0] * 120 + [9] * 5:
            await insert_job(sql, priority=priority)
        await leader.planner.step()
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE dispatched_at IS NOT NULL") == 105
        assert await leader.relay.step() < Relay.INTERVAL
        await sql.execute(
            "UPDATE executions SET status = 'COMPLETED', end_time = now() WHERE dispatched_at IS NOT NULL"
        )
        await leader.relay.step()
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE dispatched_at IS NULL") == 0
    assert len(set(await leader.published())) == 125


async def test_what_the_broker_did_not_confirm_is_sent_again(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await insert_job(sql)
        leader.broker.away = True
        await leader.planner.step()
        await leader.dispatcher.close(grace=5)
        assert leader.dispatcher.unconfirmed == 1
        leader.broker.away = False
        await leader.dispatcher.resend()
        (execution_id,) = await leader.published()
        assert execution_id == await sql.fetchval("SELECT execution_id FROM executions")


async def test_a_new_leader_sends_what_a_former_dispatched_and_nobody_claimed(
    leader: Leader, units: Database, database: TestDatabase
) -> None:
    async with database.owner() as sql:
        await insert_job(sql)
        leader.broker.away = True
        await leader.planner.step()
        await leader.dispatcher.close(grace=5)
        successor = Leader(units, await take_term(units, "scheduler-2", czxid=2))
        await successor.relay.send_unclaimed()
        assert await successor.published() == [await sql.fetchval("SELECT execution_id FROM executions")]
