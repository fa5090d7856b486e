"""A worker's parts in this process, over a database of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from foliot.common.broker.messages import Dispatched
from foliot.common.clock import SystemClock
from foliot.common.errors import Unavailable
from foliot.common.ledger.database import Database
from foliot.common.ledger.workers import Offer
from foliot.worker import metrics
from foliot.worker.claimer import Claimer
from foliot.worker.executors.attempt import Attempt, Result
from foliot.worker.handback import HandBack
from foliot.worker.heartbeat import Heartbeat
from foliot.worker.inbox import Inbox
from foliot.worker.lease import Lease
from foliot.worker.output import Output
from foliot.worker.recorder import Recorder
from foliot.worker.runner import Runner
from foliot.worker.running import Running
from foliot.worker.unit import Unit
from support.databases import TestDatabase
from support.making import insert_job

SLOTS = 10


class Scripted:
    """An executor that does what the test says; `started` and `may_end` order it, `begun` says when."""

    def __init__(self) -> None:
        self.result = Result(succeeded=True, exit_code=0)
        self.output = b""
        self.attempts: list[Attempt] = []
        self.begun: list[datetime] = []
        self.started = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.cancels = 0

    async def run(self, attempt: Attempt, output: Output) -> Result:
        self.attempts.append(attempt)
        self.begun.append(datetime.now(UTC))
        self.started.set()
        output.write(self.output)
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancels += 1
            raise
        return self.result


class Delivery:
    """Counts its acks."""

    lost = False

    def __init__(self) -> None:
        self.acked = 0

    async def ack(self) -> None:
        self.acked += 1


class Worker:
    def __init__(self, units: Database, worker_id: str = "worker-1", lease: float = 30.0, slots: int = SLOTS) -> None:
        clock = SystemClock()
        metrics.initialise(worker_id)
        self.units = units
        self.executor = Scripted()
        self.lease = Lease(clock, lease)
        claimable = asyncio.Event()
        self.running = Running(slots, claimable)
        self.inbox = Inbox(3, clock, claimable)
        self.recorder = Recorder(units, self.running, self.lease, clock, worker_id=worker_id)
        self.runner = Runner({"script": self.executor}, self.running, self.recorder, self.lease, clock)
        self.claimer = Claimer(
            units, self.inbox, self.running, self.lease, clock,
            claimable=claimable, worker_id=worker_id, start=self.runner.start,
        )  # fmt: skip
        self.hand_back = HandBack(units, self.inbox, hold_seconds=5.0)
        self.heartbeat = Heartbeat(
            units, self.lease, self.running, self.inbox, clock,
            claimable=claimable, on_extended=lambda deadline: None,
            offer=Offer(worker_id=worker_id, pools=("default",), slots=slots, datasources=()),
        )  # fmt: skip

    def deliver(self, *rows: Mapping[str, Any]) -> Delivery:
        delivery = Delivery()
        dispatched = [
            Dispatched(
                r["execution_id"], round(r["scheduled_time"].timestamp() * 1e6), r["job_id"], r["attempt_number"]
            )
            for r in rows
        ]
        self.inbox.put(2, dispatched, delivery)
        return delivery

    async def ran(self) -> None:
        """Until everything claimed has been run and recorded."""
        await asyncio.gather(*(e.task for e in self.running.entries() if e.task), return_exceptions=True)
        waiting, self.recorder._waiting = self.recorder._waiting, []
        if waiting:
            await self.recorder.step(waiting)


class LosesAnswers:
    """A database that loses its answer to the first write, which succeeds."""

    def __init__(self, units: Database) -> None:
        self._units = units
        self._lost = False

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Unit]:
        async with self._units.transaction() as unit:
            yield unit
        if not self._lost:
            self._lost = True
            raise Unavailable("connection lost in COMMIT")

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Unit]:
        async with self._units.session() as unit:
            yield unit
        if not self._lost:
            self._lost = True
            raise Unavailable("connection lost before the answer")


async def queued(sql: asyncpg.Connection[asyncpg.Record], count: int = 1, **columns: Any) -> list[asyncpg.Record]:
    """`count` executions that wait to be claimed, each of a job of its own."""
    for _ in range(count):
        job_id = await insert_job(sql, **columns)
        await sql.execute(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at, dispatched_at, term)
               VALUES ($1, 1, 'QUEUED', now(), now(), now(), 1)""",
            job_id,
        )
        await sql.execute("UPDATE jobs SET open_since = now() - interval '1 minute' WHERE job_id = $1", job_id)
    return await sql.fetch("SELECT * FROM executions WHERE status = 'QUEUED' ORDER BY execution_id")


@pytest.fixture
async def worker_units(database: TestDatabase) -> AsyncIterator[Database]:
    async with Database(database.url("worker"), Unit, size=6, name="worker-test") as opened:
        yield opened


@pytest.fixture
async def worker(worker_units: Database) -> Worker:
    made = Worker(worker_units)
    await made.heartbeat.step()
    return made
