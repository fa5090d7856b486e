"""Workers, their leases and the rescue, with a PostgreSQL that is late or away and processes that stop and die."""

from __future__ import annotations

import asyncio
import random
from typing import cast

from foliot.common.process.periodic import periodic
from foliot.scheduler.rescuer import Rescuer
from foliot.scheduler.unit import UnitsOfWork
from foliot.worker.runner import KILL_AFTER
from simulate.virtual.postgres import KINDS, Server, Units
from simulate.virtual.story import EVERYBODY, Fault, Plan, Stage
from simulate.virtual.worker.deliveries import Deliveries
from simulate.virtual.worker.judge import Judge
from simulate.virtual.worker.ledger import OPEN, Ledger
from simulate.virtual.worker.process import DRAIN, LEASE, STOP_GRACE, WorkerProcess
from simulate.virtual.worker.unit import Unit

WORKERS = 2
SLOTS = 2
RESCUE_EVERY = 0.4
"""Seconds between two looks of the rescuer: five times as often as the product's, so that little is missed."""
FAULTS_WITHIN = 10.0
FADES = 0.4
"""Share of the stories in which the network to PostgreSQL gets slow and is then lost for longer than a lease."""
COPIES = 0.5
"""Share of these stories in which each message comes twice."""
LOST = ("refuse", "mute", "hold")
AFTER = ("", ":claim", ":heartbeat", ":guard", ":record", ":attempt")
"""The tasks after whose next step a process is told to stop or stops, in the middle of a turn; "" at once."""
WAITS = 1.0
"""Seconds in which that step has to come."""
AT_REST_WITHIN = 45.0
"""Seconds after the last fault in which every run must have ended: a lease, and three attempts of the longest work."""
LAST_STATEMENTS = 8.0
"""Seconds that the statements of a stop take at most, beside its grace and its drain."""
PROCESS_FAULTS = ("pause", "pause", "kill", "term", "amqp-reset", "cancel", "amqp-spoil")


class WorkerMachine:
    name = "worker"

    def draw(self, rng: random.Random) -> Plan:
        faults = []
        for _ in range(rng.randint(0, 3)):
            kind = rng.choice([*(f"pg-{kind}" for kind in KINDS), *PROCESS_FAULTS, "amqp-twice", "amqp-away"])
            lasts = rng.choice([rng.uniform(0.05, 1.5), rng.uniform(1.0, 2.0 * LEASE)])
            target = EVERYBODY if kind.startswith("amqp-t") else rng.choice([*range(WORKERS), EVERYBODY])
            if kind in PROCESS_FAULTS and target == EVERYBODY:
                target = 0
            faults.append(Fault(round(rng.uniform(0, FAULTS_WITHIN), 3), round(lasts, 3), kind, target))
        if rng.random() < FADES:
            begin, target = round(rng.uniform(0, FAULTS_WITHIN / 2), 3), rng.choice([*range(WORKERS), EVERYBODY])
            faults.append(Fault(begin, 3.0, "pg-slow", target))
            faults.append(Fault(begin + 3.0, round(rng.uniform(1.0, 1.5) * LEASE, 3), f"pg-{rng.choice(LOST)}", target))
            if rng.random() < COPIES:
                faults.append(Fault(0.0, FAULTS_WITHIN, "amqp-twice"))
        return Plan(rng.randint(1, 6), tuple(sorted(faults, key=lambda fault: fault.at)))

    async def play(self, stage: Stage) -> None:
        await Fleet(stage).play()


class Fleet:
    """The workers of one story, and everything around them."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        rng = stage.rng
        self.ledger = Ledger(stage.clock, timeout_seconds=rng.choice([2, 20, 20]))
        self.judge = Judge(stage, self.ledger)
        self._server = Server(stage, self.ledger)
        self._broker = Deliveries(stage, self._server, self.ledger, self.judge)
        self._workers = [self._start(number) for number in range(WORKERS)]
        stage.loop.on_jump = self._look
        for job_id in range(1, stage.plan.size + 1):
            self.ledger.insert(job_id, 1, round(rng.uniform(0, FAULTS_WITHIN), 3))

    def _units(self, target: int) -> Units[Unit]:
        return Units(self._server, target, lambda connection: Unit(connection, self.ledger, self.judge))

    def _start(self, number: int) -> WorkerProcess:
        return WorkerProcess(self._stage, number, self._units(number), self._broker, self.judge, SLOTS)

    def _look(self) -> None:
        """Before time goes on: no worker has ended by itself, runs more than it has slots for, or fewer than none."""
        for worker in self._workers:
            if not 0 <= worker.running.busy <= worker.slots:
                self._stage.violate("slots are kept", f"{worker.running.busy} in use at {worker.process.name}")
            if worker.task.done() and not worker.stop.is_set():
                self._stage.violate("a worker runs until its stop", f"{worker.process.name}: {worker.task.exception()}")

    async def play(self) -> None:
        stage, loop = self._stage, self._stage.loop
        rescuer = Rescuer(cast(UnitsOfWork, self._units(EVERYBODY)), 1, lease=LEASE)
        stage.spawn(loop.world, periodic("rescue", rescuer.step, interval=RESCUE_EVERY, clock=stage.clock), "rescuer")
        stage.spawn(loop.world, self._broker.run(), "broker")
        faults = [stage.spawn(loop.world, self._strike(fault), "fault") for fault in stage.plan.faults]
        await stage.quiet()
        if faults:
            await asyncio.wait(faults)
        await self._rest(stage.now + AT_REST_WITHIN)
        for number in range(WORKERS):
            await self._stop(number)
        self.judge.noted()

    async def _strike(self, fault: Fault) -> None:
        stage, loop = self._stage, self._stage.loop
        await asyncio.sleep(fault.at)
        worker = self._workers[fault.target]
        stage.note("FAULT", str(fault))
        if worker.process.killed:
            return  # its end brings the next one
        after = stage.rng.choice(AFTER)
        if fault.kind == "pause":
            await loop.strike_after(worker.process, after, WAITS, lambda: loop.stop_process(worker.process))
            await asyncio.sleep(fault.lasts)
            if worker.process.stopped and not worker.process.killed:
                self.judge.resumed(worker.process)
            loop.resume_process(worker.process)
        elif fault.kind == "kill":
            loop.stop_process(worker.process, kill=True)
            self.judge.killed(worker.process)
            self._broker.close(worker.process)
            await asyncio.sleep(fault.lasts)
            self._workers[fault.target] = self._start(fault.target)
        elif fault.kind == "term":
            await loop.strike_after(worker.process, after, WAITS, worker.stop.set)
            if worker.process.killed:
                return
            await self._stop(fault.target)
            if not worker.process.killed:
                self._workers[fault.target] = self._start(fault.target)
        elif fault.kind == "amqp-reset":
            self._broker.reset(worker.process)
        elif fault.kind == "amqp-spoil":
            self._broker.spoil()
        elif fault.kind == "cancel":
            self._server.instant(self.ledger.cancel_first)

    async def _stop(self, number: int) -> None:
        """SIGTERM. The process must end in time, unless it was stopped or killed on the way."""
        worker, began = self._workers[number], self._stage.now
        worker.stop.set()
        within = STOP_GRACE + KILL_AFTER + DRAIN + LAST_STATEMENTS
        await asyncio.wait({worker.task}, timeout=within)
        while worker.process.stopped and not worker.process.killed:
            await asyncio.sleep(within)
        ended = worker.task.done() or worker.process.killed or worker.process.resumed_at > began
        self._stage.expect(ended, "a worker stops within its grace", lambda: f"{worker.process.name} still runs")
        if worker.task.done() and (error := worker.task.exception()):
            self._stage.violate("a worker runs until its stop", f"{worker.process.name}: {error!r}")

    async def _rest(self, until: float) -> None:
        """Wait until every run has ended and nothing is held any more."""
        while (why := self._unrest()) and self._stage.now < until:
            await asyncio.sleep(0.5)
        self._stage.expect(
            not why, "everything delivered ends", lambda: f"{AT_REST_WITHIN:g} s after the faults: {why}"
        )

    def _unrest(self) -> str:
        if self._server.in_transaction:
            return "a transaction is open"
        for row in self.ledger.rows.values():
            if row.status in OPEN:
                return f"execution {row.execution_id} is {row.status}"
        if not self._broker.idle:
            return "a message is not acked"
        for worker in self._workers:
            if worker.unsettled.oldest_age():
                return f"a delivery of {worker.process.name} has not ended"
            if worker.running.busy or len(worker.running) or len(worker.inbox):
                return f"{worker.process.name} holds {worker.running.busy} slots, {len(worker.running)} attempts"
        return ""
