"""Heartbeats of schedulers: who plans, and whether PostgreSQL's clock jumped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from foliot.common.ledger.database import Database
from foliot.common.ledger.statements import Statement
from foliot.common.ledger.terms import SchedulerRow
from foliot.scheduler.last_planned import LastPlanned
from foliot.scheduler.presence import Presence
from foliot.scheduler.unit import Unit
from support.clocks import ManualClock
from support.databases import TestDatabase
from support.pinned_time import pin_time, set_time

from .conftest import take_term

SESSION = 6.0
START = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Lead:
    """The part of a leadership that its heartbeat tells."""

    def __init__(self) -> None:
        self.term: int | None = None
        self.confirmed = True
        self.planned_ago: float | None = None


class Scheduler:
    """The heartbeat of one scheduler, by hand."""

    def __init__(self, units: Database, name: str, clock: ManualClock) -> None:
        self.lead = Lead()
        self.last = LastPlanned(clock, SESSION)
        lead: Any = self.lead
        self.presence = Presence(units, lead, self.last, clock, scheduler_id=name)


@pytest.fixture
async def pinned(database: TestDatabase) -> AsyncIterator[Database]:
    await pin_time(database, START)
    async with Database(database.url("scheduler"), Unit, size=2, name="pinned") as opened:
        yield opened


async def listed(units: Database) -> dict[str, SchedulerRow]:
    async with units.session() as unit:
        return {row.scheduler_id: row for row in await unit.terms.list_schedulers()}


async def test_all_schedulers_know_whether_one_plans(units: Database) -> None:
    clock = ManualClock()
    one, two = Scheduler(units, "one", clock), Scheduler(units, "two", clock)
    one.lead.term, one.lead.planned_ago = 1, 0.1
    for _ in range(10):
        clock.advance(3)
        await one.presence.step()
        await two.presence.step()
        assert (one.last.why_not_ready(), two.last.why_not_ready()) == (None, None)
    assert two.last.idle < 1
    one.lead.term = one.lead.planned_ago = None
    clock.advance(3 * SESSION)
    async with units.transaction() as unit:
        await unit.session.execute(
            Statement("age", "UPDATE schedulers SET planned_at = planned_at - interval '18 seconds'")
        )
    await one.presence.step()
    await two.presence.step()
    assert "no scheduler has planned for 18 s" in str(one.last.why_not_ready())
    assert "no scheduler has planned for 18 s" in str(two.last.why_not_ready())


async def test_a_term_that_plans_no_more_is_no_leader(units: Database) -> None:
    clock = ManualClock()
    one = Scheduler(units, "one", clock)
    term = await take_term(units, "one")
    one.lead.term, one.lead.planned_ago = term, 0.1
    await one.presence.step()
    assert (await listed(units))["one"].role == "leader"
    async with units.transaction() as unit:
        await unit.session.execute(Statement("age", "UPDATE leader SET since = since - interval '1 hour'"))
    assert (await listed(units))["one"].role == "leader"
    one.lead.planned_ago = 16.0
    await one.presence.step()
    row = (await listed(units))["one"]
    assert (row.role, row.term) == ("standby", None)


async def test_a_new_leader_leads_before_its_first_heartbeat(units: Database) -> None:
    one = Scheduler(units, "one", ManualClock())
    one.lead.term, one.lead.planned_ago = 1, 60.0  # of a former term
    await one.presence.step()
    one.lead.term = one.lead.planned_ago = None
    term = await take_term(units, "one")
    row = (await listed(units))["one"]
    assert (row.role, row.term) == ("leader", term)


@pytest.mark.parametrize("jump", [timedelta(hours=8), timedelta(hours=-8)])
async def test_a_jump_of_the_clock_is_told(
    pinned: Database, database: TestDatabase, capsys: pytest.CaptureFixture[str], jump: timedelta
) -> None:
    clock = ManualClock()
    one = Scheduler(pinned, "one", clock)
    async with database.owner() as sql:
        for seconds, moved in ((0, timedelta()), (3, timedelta()), (6, jump), (9, jump)):
            await set_time(sql, START + timedelta(seconds=seconds) + moved)
            await one.presence.step()
            said = capsys.readouterr().out.count("clock_jumped")
            assert said == (seconds == 6)
            clock.advance(3)


async def test_a_plan_of_the_future_is_not_believed(pinned: Database, database: TestDatabase) -> None:
    """The clock was ahead when the former leader planned: else its last heartbeat would hide for hours that nobody does."""
    clock = ManualClock()
    one, two = Scheduler(pinned, "one", clock), Scheduler(pinned, "two", clock)
    async with database.owner() as sql:
        await set_time(sql, START + timedelta(hours=8))
        one.lead.term, one.lead.planned_ago = 1, 0.1
        await one.presence.step()
        await set_time(sql, START)
        clock.advance(3 * SESSION + 1)
        await two.presence.step()
    assert two.last.why_not_ready()
