"""One worker process of the model: the product's classes, wired as in foliot.worker.main, without their servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from foliot.common.broker.publishing import Publisher
from foliot.common.ledger.workers import Offer
from foliot.common.process.periodic import periodic
from foliot.worker.claimer import Claimer
from foliot.worker.handback import HAND_BACK_EVERY, HandBack
from foliot.worker.heartbeat import CHECK_EVERY, Heartbeat
from foliot.worker.inbox import Inbox
from foliot.worker.intake import Intake
from foliot.worker.lease import Lease
from foliot.worker.recorder import Recorder
from foliot.worker.runner import Runner
from foliot.worker.running import Running
from foliot.worker.unit import UnitsOfWork
from foliot.worker.unsettled import Unsettled
from simulate.virtual.owners import Process
from simulate.virtual.postgres import Units
from simulate.virtual.story import Stage
from simulate.virtual.worker.deliveries import QUEUE, Deliveries, Letters
from simulate.virtual.worker.judge import Judge
from simulate.virtual.worker.work import Work

LEASE = 6.0
BEAT_EVERY = 1.0
HOLD = 1.0
STOP_GRACE = 2.0
DRAIN = 2.0


class WorkerProcess:
    """A worker from its start to its stop, or to its kill."""

    def __init__(
        self, stage: Stage, number: int, units: Units[Any], broker: Deliveries, judge: Judge, slots: int
    ) -> None:
        self.process = Process(f"worker-{number}")
        self.slots = slots
        self.stop = asyncio.Event()
        self._stage = stage
        self._broker = broker
        clock, database = stage.clock, cast(UnitsOfWork, units)
        name, claimable = self.process.name, asyncio.Event()
        self.lease, self.running = Lease(clock, LEASE), Running(slots, claimable)
        self.inbox, self.unsettled = Inbox(1, clock, claimable), Unsettled(clock)
        self._recorder = Recorder(database, self.running, self.lease, clock, worker_id=name)
        work = Work(stage, self.process, judge, self.running)
        self._runner = Runner({"noop": work}, self.running, self._recorder, self.lease, clock)
        self._claimer = Claimer(
            database, self.inbox, self.running, self.lease, clock,
            claimable=claimable, worker_id=name, start=self._runner.start,
        )  # fmt: skip
        self._hand_back = HandBack(database, self.inbox, hold_seconds=HOLD)
        self._heartbeat = Heartbeat(
            database, self.lease, self.running, self.inbox, clock,
            claimable=claimable, offer=Offer(worker_id=name, pools=("default",), slots=slots, datasources=()),
            on_extended=lambda _deadline: None,
        )  # fmt: skip
        letters = cast(Publisher, Letters(stage))
        self._on_delivery = Intake(self.inbox, self.unsettled, letters, {QUEUE: 0}, clock)
        self.task = stage.spawn(self.process, self._run(), self.process.name)

    async def _run(self) -> None:
        clock, heartbeat = self._stage.clock, self._heartbeat
        async with asyncio.TaskGroup() as group:
            start: Callable[..., asyncio.Task[Any]] = group.create_task
            beating = [
                start(periodic("heartbeat", heartbeat.step, interval=BEAT_EVERY, clock=clock), name="heartbeat"),
                start(periodic("guard", heartbeat.guard, interval=CHECK_EVERY, clock=clock), name="guard"),
                start(self._recorder.run(), name="record"),
            ]
            taking = [
                start(self._claimer.run(), name="claim"),
                start(periodic("hand_back", self._hand_back.step, interval=HAND_BACK_EVERY, clock=clock), name="hand"),
            ]
            self._broker.subscribe(self.process, self._on_delivery)
            await self.stop.wait()
            self._broker.unsubscribe(self.process)
            for task in taking:
                task.cancel()
            await asyncio.wait(taking)
            await self._hand_back.stop(self._claimer.doubtful)
            await self._runner.stop(STOP_GRACE)
            await self._recorder.drained(DRAIN)
            for task in beating:
                task.cancel()
        await heartbeat.end()
        self._broker.close(self.process)
