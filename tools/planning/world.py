"""The API, two schedulers and a worker's last word over one PostgreSQL whose clock is the test's."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

import asyncpg
import msgspec
from aiohttp.test_utils import TestClient, TestServer

from foliot.api.app import build_app
from foliot.api.create_key import create
from foliot.api.queries import unit as api_unit
from foliot.common.clock import SystemClock
from foliot.common.ledger.conclude import conclude
from foliot.common.ledger.database import Database
from foliot.common.ledger.plan import Plan
from foliot.common.model.retry import Finished, policy_from
from foliot.common.model.states import ExecutionStatus, Trigger
from foliot.common.model.ticks import PlainTick
from foliot.scheduler import unit as scheduler
from foliot.scheduler.dispatcher import Dispatcher
from foliot.scheduler.planner import Planner
from foliot.scheduler.reconciler import Reconciler
from foliot.scheduler.windows import Windows
from foliot.worker import unit as worker
from planning.filling import SilentBroker
from planning.model import DAWN, MOMENT
from support.databases import TestDatabase
from support.pinned_time import pin_time, set_time

_Result = TypeVar("_Result")


class Died(Exception):
    """The leader's process is gone."""


class DyingPlan(Plan):
    """Dies before the one statement that commits by itself."""

    async def plan_plain_ticks(
        self, ticks: Sequence[PlainTick], term: int, floor: datetime
    ) -> tuple[datetime | None, dict[int, int]]:
        raise Died


class MortalDatabase:
    """Dies just before its commit, or just after it. After a statement that commits by itself it lives on: the step may
    have a transaction to come."""

    def __init__(self, units: Database[scheduler.Unit], before: bool) -> None:
        self._units = units
        self._before = before

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[scheduler.Unit]:
        async with self._units.session() as unit:
            if self._before:
                unit.plan = DyingPlan(unit.session)
            yield unit

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[scheduler.Unit]:
        async with self._units.transaction() as unit:
            yield unit
            if self._before:
                raise Died
        raise Died


class World:
    """Opened once, emptied for each story."""

    def __init__(self, database: TestDatabase) -> None:
        self._database = database
        self._loop = asyncio.new_event_loop()
        self._stack = contextlib.AsyncExitStack()
        self._czxids = itertools.count(1)
        self.now = DAWN + MOMENT

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return self._loop.run_until_complete(work)

    async def open(self) -> None:
        await pin_time(self._database, DAWN)
        enter = self._stack.enter_async_context
        self.sql: asyncpg.Connection[asyncpg.Record] = await enter(self._database.owner())
        self.units = await enter(Database(self._database.url("scheduler"), scheduler.Unit, size=4, name="scheduler"))
        self._worker = await enter(Database(self._database.url("worker"), worker.Unit, size=2, name="worker"))
        api = await enter(Database(self._database.url("api"), api_unit.Unit, size=4, name="api"))

        async def readiness() -> tuple[str | None, dict[str, Any]]:
            return None, {}

        self._client: TestClient[Any, Any] = await enter(
            TestClient(TestServer(build_app(api, SystemClock(), readiness)))
        )
        self._key = await create(self._database.url("api"), "admin", "model", 1, None)

    def close(self) -> None:
        self.run(self._stack.aclose())
        self._loop.close()

    async def begin(self) -> None:
        """A new story."""
        await self.sql.execute(
            "DELETE FROM executions; DELETE FROM dead_letters; DELETE FROM jobs; SELECT setval('pinned.calls', 1)"
        )
        await self.pass_to(DAWN)
        await self.take_over()

    async def pass_to(self, at: datetime) -> None:
        await set_time(self.sql, at)
        self.now = at + MOMENT

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._key}"}
        async with self._client.request(method, path, json=body, headers=headers) as response:
            text = await response.text()
            assert response.status < 500, text
            return response.status, msgspec.json.decode(text) if text else None

    async def take_over(self) -> None:
        async with self.units.transaction() as unit:
            term = await unit.terms.take_term("model", next(self._czxids), "model")
        assert term is not None
        self.term = term

    def planner(self, database: Any = None) -> Planner:
        clock = SystemClock()
        dispatcher = Dispatcher(SilentBroker(), Windows(), {"default"}, clock)
        return Planner(database or self.units, self.term, dispatcher, clock, batch=500)

    async def reconcile(self) -> None:
        reconciler = Reconciler(self.units, self.term)
        await reconciler.release()
        await reconciler.settle()

    async def rows(self, query: str, *args: Any) -> list[asyncpg.Record]:
        return await self.sql.fetch(query, *args)

    async def claim(self, execution_id: int) -> None:
        await self.sql.execute(
            "UPDATE executions SET status = 'RUNNING', start_time = pinned.clock_timestamp() WHERE execution_id = $1",
            execution_id,
        )

    async def finish(self, row: asyncpg.Record, status: str) -> None:
        """A running attempt ends, as its worker would record it."""
        if row["cancel_requested_at"] is not None:
            status = "CANCELLED"
        async with self._worker.transaction() as unit:
            settling = await unit.endings.lock_settling([row["job_id"]])
            await self._end(unit, row["execution_id"], status)
            policy = await self.sql.fetchval("SELECT retry_policy FROM jobs WHERE job_id = $1", row["job_id"])
            finished = Finished(
                execution_id=row["execution_id"], job_id=row["job_id"], scheduled_time=row["scheduled_time"],
                attempt_number=row["attempt_number"], status=ExecutionStatus(status), trigger=Trigger(row["trigger"]),
                retry_policy=policy_from(msgspec.json.decode(policy)),
            )  # fmt: skip
            await conclude(unit, [finished], self.now, settling)

    async def _end(self, unit: worker.Unit, execution_id: int, status: str) -> None:
        await unit.session._connection.execute(
            "UPDATE executions SET status = $2, end_time = clock_timestamp() WHERE execution_id = $1",
            execution_id,
            status,
        )
