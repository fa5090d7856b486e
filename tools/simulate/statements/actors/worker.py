"""A worker of a story: the product's claimer, runner, recorder and heartbeat, with work that ends when the seed says."""

from __future__ import annotations

import asyncio
import random

from foliot.common.errors import Unavailable
from foliot.common.ledger.workers import Offer
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
from simulate.statements.actors.scheduler import LEASE
from simulate.statements.effects import Work
from simulate.statements.stage import Stage

SLOTS = 3
"""Few, so that deliveries wait and are handed back."""
HOLD = 5.0
"""Seconds for which a delivery waits for a slot."""


class StoryLease(Lease):
    """Its tokens come from the seed: they sort, and so decide an order."""

    def __init__(self, *args: object, random: random.Random) -> None:
        self._random = random
        super().__init__(*args)  # type: ignore[arg-type]

    def renew_token(self) -> None:
        self.claim = self._random.getrandbits(60) + 1
        self.deadline = 0.0


class Scripted:
    """Work of which the seed decides the end."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def run(self, attempt: Attempt, output: Output) -> Result:
        stage, name = self._worker.stage, self._worker.name
        entry = self._worker.running.get(attempt.execution_id)
        assert entry is not None
        work = Work(
            process=name, execution_id=attempt.execution_id, job_id=attempt.job_id, run=attempt.idempotency_key,
            claim=entry.claimed.claim, start=stage.gate.steps,
        )  # fmt: skip
        stage.effects.begin(work)
        try:
            step = await stage.gate.enter(name, f"work {attempt.execution_id}", idle=True)
            step.leave()
        finally:
            if work.end is None:
                work.end = stage.gate.steps
        drawn = random.Random(f"{stage.seed} {attempt.execution_id} {attempt.attempt_number}").random()
        return Result(succeeded=drawn < 0.6, error_message=None if drawn < 0.6 else "failed", final=drawn > 0.97)


class Worker:
    """One process. Its claimer and its recorder run all the time, as in the product."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.name = name
        self.stage = stage
        clock, units = stage.clock(name), stage.database("worker", Unit, name)
        claimable = asyncio.Event()
        self.lease = StoryLease(clock, LEASE, random=random.Random(f"{stage.seed} {name}"))
        self.running = Running(SLOTS, claimable)
        self.inbox = Inbox(3, clock, claimable)
        self.recorder = Recorder(units, self.running, self.lease, clock, worker_id=name)
        self.runner = Runner({"script": Scripted(self)}, self.running, self.recorder, self.lease, clock)
        self.claimer = Claimer(
            units, self.inbox, self.running, self.lease, clock,
            claimable=claimable, worker_id=name, start=self.runner.start,
        )  # fmt: skip
        self.hand_back = HandBack(units, self.inbox, hold_seconds=HOLD)
        self.heartbeat = Heartbeat(
            units, self.lease, self.running, self.inbox, clock,
            claimable=claimable, on_extended=lambda deadline: None,
            offer=Offer(worker_id=name, pools=("default",), slots=SLOTS, datasources=()),
        )  # fmt: skip
        self.stopped = False
        self._claiming = stage.start(self.claimer.run(), f"{name} claims")
        stage.start(self.recorder.run(), f"{name} records")

    @property
    def lives(self) -> bool:
        return not self.stopped and not self.stage.gate.is_dead(self.name)

    def beats(self) -> None:
        self.stage.start(self.heartbeat.step(), f"{self.name} beats", tolerates=(Unavailable,))

    def receives(self) -> None:
        self.stage.broker.deliver(self.name, self.inbox)

    def hands_back(self) -> None:
        self.stage.start(self.hand_back.step(), f"{self.name} hands back", tolerates=(Unavailable,))

    def dies(self) -> None:
        self.stage.gate.kill(self.name)

    def is_cut_off(self, cut: bool) -> None:
        """PostgreSQL is away for this process alone, or back. Its work goes on."""
        self.stage.gate.cut_off(self.name, cut)

    def stops(self) -> None:
        self.stage.start(self._stop(), f"{self.name} stops", tolerates=(Unavailable,))

    async def _stop(self) -> None:
        """A graceful stop, as the product's `run` does it. If something runs, its grace is over and the process ends."""
        self.stopped = True
        self._claiming.cancel()
        await asyncio.gather(self._claiming, return_exceptions=True)
        await self.hand_back.stop(self.claimer.doubtful)
        if self.running.busy:
            self.dies()
        else:
            await self.heartbeat.end()
            self.stage.broker.give_back(self.name)

    async def fences_itself(self) -> None:
        """What the product's guard does within half a second of the lease's end."""
        if self.lives:
            await self.heartbeat.guard()
