"""Plan under one term: a former leader writes nothing, and its successor waits for its last transaction."""

from __future__ import annotations

import asyncio

import pytest

from foliot.common.errors import Fenced, Unavailable
from foliot.common.ledger.database import Database
from foliot.scheduler.decisions import NO_FLOOR
from support.databases import TestDatabase
from support.eventually import eventually
from support.locks import stands_behind_a_lock
from support.making import insert_job

from .conftest import DueColumns, Leader, both_ways, take_term


@both_ways
async def test_a_former_term_writes_nothing(
    leader: Leader, units: Database, database: TestDatabase, due: DueColumns
) -> None:
    async with database.owner() as sql:
        job_id = await insert_job(sql, **due())
        await take_term(units, "scheduler-2", czxid=2)
        with pytest.raises(Fenced):
            await leader.planner.step()
        assert await sql.fetchval("SELECT count(*) FROM executions") == 0
        assert await sql.fetchval("SELECT next_run_time < now() FROM jobs WHERE job_id = $1", job_id)


@pytest.mark.parametrize("holder", ["any duty", "plan", "plain plan"])
async def test_a_successor_waits_for_the_transaction_of_the_former(
    leader: Leader, units: Database, database: TestDatabase, holder: str
) -> None:
    """FOR SHARE and the successor's UPDATE order the terms: nothing of the old commits after the new row."""
    async with database.owner() as sql, units.transaction() as unit:
        if holder == "plan":
            await unit.plan.hold_and_lock_due_jobs([], leader.term)
        elif holder == "plain plan":
            await unit.plan.plan_plain_ticks([], leader.term, NO_FLOOR)
        else:
            await unit.terms.hold_term(leader.term)
        successor = asyncio.create_task(take_term(units, "scheduler-2", czxid=2))
        await eventually(lambda: stands_behind_a_lock(sql, "UPDATE leader"))
        assert not successor.done()
    assert await successor == leader.term + 1


async def test_a_stalled_leader_in_a_transaction_holds_its_successor_for_two_seconds(
    leader: Leader, units: Database
) -> None:
    """idle_in_transaction_session_timeout of the role frees the row that a stopped process still holds."""
    successor: list[int] = []
    with pytest.raises(Unavailable):
        async with units.transaction() as unit:
            await unit.terms.hold_term(leader.term)
            successor.append(await asyncio.wait_for(take_term(units, "scheduler-2", czxid=2), 4.0))
    assert successor == [leader.term + 1]
