"""One leader's roles in this process, over a database of the test's own and a broker that only remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from foliot.common.broker.guard import Down
from foliot.common.broker.messages import Dispatched, decode_dispatch
from foliot.common.broker.topology import Queue
from foliot.common.clock import SystemClock
from foliot.common.ledger.database import Database
from foliot.scheduler.decisions import Judged
from foliot.scheduler.dispatcher import HAND_OUT_AHEAD, Dispatcher
from foliot.scheduler.planner import Planner
from foliot.scheduler.reconciler import Reconciler
from foliot.scheduler.relay import Relay
from foliot.scheduler.rescuer import Rescuer
from foliot.scheduler.unit import Unit
from foliot.scheduler.windows import Windows
from support.databases import TestDatabase

LEASE = 30.0
DueColumns = Callable[[], dict[str, Any]]


def plain() -> dict[str, Any]:
    """A job with one due tick, planned by one statement."""
    return {}


def caught_up() -> dict[str, Any]:
    """A job with 65 minutes to catch up with: one run, and a row for the ticks that were dropped."""
    first = datetime.now(UTC) - timedelta(minutes=65)
    return {"schedule": "@every 10m", "schedule_since": first - timedelta(minutes=10), "next_run_time": first}


both_ways = pytest.mark.parametrize("due", [plain, caught_up])


class RememberingBroker:
    """Confirms everything, unless told to be away."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Dispatched]] = []
        self.away = False

    async def publish(self, queue: str, body: bytes, message_id: str) -> None:
        if self.away:
            raise Down("away")
        self.sent += [(queue, dispatched) for dispatched in decode_dispatch(body).executions]

    async def declare(self, queues: Iterable[Queue]) -> None:
        pass

    def execution_ids(self) -> list[int]:
        return [dispatched.execution_id for _, dispatched in self.sent]


class Leader:
    """The roles of one term."""

    def __init__(self, units: Database, term: int) -> None:
        clock = SystemClock()
        self.units = units
        self.term = term
        self.broker = RememberingBroker()
        self.windows = Windows()
        self.dispatcher = Dispatcher(self.broker, self.windows, {"default"}, clock)
        self.planner = Planner(units, term, self.dispatcher, clock, batch=500)
        self.relay = Relay(units, term, self.dispatcher, self.windows, clock, lease=LEASE)
        self.rescuer = Rescuer(units, term, lease=LEASE)
        self.reconciler = Reconciler(units, term)

    async def published(self) -> list[int]:
        await self.dispatcher.close(grace=5)
        return self.broker.execution_ids()


@pytest.fixture
async def units(database: TestDatabase) -> AsyncIterator[Database]:
    async with Database(database.url("scheduler"), Unit, size=8, name="test") as opened:
        yield opened


async def read_due(leader: Leader) -> tuple[datetime, list[Judged]]:
    """A plan step that has read (when) and judged, and has not written yet."""
    async with leader.units.session() as unit:
        jobs = await unit.plan.select_pending_jobs(10, HAND_OUT_AHEAD)
    now = jobs[0].now
    assert now is not None
    (portion,) = [portion async for portion in leader.planner._portions.judged(jobs, now)]
    return now, portion


async def take_term(units: Database, name: str = "scheduler-1", czxid: int = 1) -> int:
    async with units.transaction() as unit:
        term = await unit.terms.take_term(name, czxid, "ensemble")
    assert term is not None
    return term


@pytest.fixture
async def leader(units: Database) -> Leader:
    return Leader(units, await take_term(units))
