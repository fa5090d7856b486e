"""A story: from a seed, some jobs, some rounds of acts that meet each other, and a calm end that finishes everything."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import msgspec

from simulate.statements.actors.api import Callers
from simulate.statements.actors.bulk import BulkCallers
from simulate.statements.actors.scheduler import Scheduler
from simulate.statements.actors.worker import Worker
from simulate.statements.cast import Act, Cast
from simulate.statements.choices import Seeded
from simulate.statements.definitions import a_definition
from simulate.statements.evidence import Evidence
from simulate.statements.invariants import check, check_end
from simulate.statements.stage import Stage
from simulate.statements.step import Stuck
from simulate.statements.violation import Violation
from simulate.statements.world import DAWNS, World

CALM_ROUNDS = 100
"""Rounds without faults after which everything must have ended: 3 attempts of each run, and queue after queue. The ticks
of two long passes, caught up one after another, are 26 runs."""
MOST_ROUNDS = 5
PASSES = (0, 0, 1, 10, 10, 25, 40, 130)
"""Seconds between two rounds: none, a tick, several ticks, longer than a lease."""

USUAL = ("leader plan", "leader relay", "worker receives", "worker beats")
"""The acts of nearly every round."""


class Cut(msgspec.Struct, frozen=True):
    """A part of a story: all of it by default. `rounds`: at most so many; `left_out`: acts that do not happen, as (round,
    place); `calm`: draws at which the process that went last goes on."""

    faults: bool = True
    rounds: int = MOST_ROUNDS
    left_out: frozenset[tuple[int, int]] = frozenset()
    calm: frozenset[int] = frozenset()


class Told(msgspec.Struct, frozen=True):
    """A story that has been told: its hash, its figures, and its violation if it has one. `acts`: the places of each
    round."""

    seed: int
    hash: str
    steps: int
    trace: list[str]
    pairs: set[tuple[str, str]]
    deadlocks: dict[str, int]
    acts: list[int]
    draws: int
    violation: Violation | None


class Story:
    def __init__(self, world: World, seed: int, cut: Cut) -> None:
        self._random = random.Random(seed)
        random.seed(seed)  # the product's own jitter
        share = self._random.choice([0.0, 0.0, 0.02, 0.06]) if cut.faults else 0.0
        self._cut = cut
        self.acts: list[int] = []
        self.choice = Seeded(seed, faults=share, calm=cut.calm)
        self._dawn = self._random.choice(DAWNS)
        self.stage = Stage(world, seed, self.choice, self._dawn, faulty=share > 0)
        self.evidence = Evidence(world, self.stage.effects)
        self.world = world
        self.jobs: list[int] = []
        self.schedulers: list[Scheduler] = []
        self.workers: list[Worker] = []
        self.callers = Callers(self.stage, self._answered)
        self.bulk = BulkCallers(self.stage, self.callers)

    def _answered(self, action: str, job_id: int, answer: dict[str, Any]) -> None:
        effects = self.stage.effects
        if action in ("create", "put") and answer["job_id"] not in self.jobs:
            job_id = answer["job_id"]
            self.jobs.append(job_id)
        if action in ("cancel", "delete"):
            effects.cancelled.setdefault(job_id, self.stage.gate.steps)
        for row in answer.get("results", ()):
            self._row_answered(action, row)

    def _row_answered(self, action: str, row: dict[str, Any]) -> None:
        job_id, change = row.get("job_id"), row.get("change")
        if "error" in row or job_id is None:
            return
        if change == "create":
            self.jobs.append(job_id)
        if action in ("many-cancel", "many-delete") or change == "delete":
            self.stage.effects.cancelled.setdefault(job_id, self.stage.gate.steps)

    async def tell(self) -> None:
        """Raises Violation, or Stuck."""
        await self.world.empty(self._dawn)
        await self._begin()
        for number in range(min(self._cut.rounds, self._random.choice([2, 3, 4, MOST_ROUNDS]))):
            await self._pass(self._random.choice(PASSES))
            self._act(number)
            await self.stage.gate.run()
            await self._check()
        await self._end()

    async def _check(self) -> None:
        if self.stage.errors:
            raise Violation("an error that nobody expects", repr(self.stage.errors[0])) from self.stage.errors[0]
        if self.stage.gate.deadlocks:
            raise Violation("transactions wait for each other", dict(self.stage.gate.deadlocks))
        await check(self.evidence)

    async def _begin(self) -> None:
        """A leader, two workers and one to three jobs, without faults and in any order."""
        self.choice.spare(True)
        self._new_scheduler()
        for _ in range(2):
            self._new_worker()
        for _ in range(self._random.choice([1, 1, 2, 3])):
            self.callers.create(a_definition(self._random, self.stage.time.now))
        await self.stage.gate.run()
        self.choice.spare(False)

    def _new_scheduler(self) -> None:
        scheduler = Scheduler(self.stage, f"scheduler-{len(self.schedulers) + 1}")
        self.schedulers.append(scheduler)
        scheduler.takes_over()

    def _new_worker(self) -> None:
        worker = Worker(self.stage, f"worker-{len(self.workers) + 1}")
        self.workers.append(worker)
        worker.beats()

    async def _pass(self, seconds: float) -> None:
        """Time goes on for everybody. Who lost its lease by that ends its work at once, as its guard would."""
        if not seconds:
            return
        at = self.stage.time.now + timedelta(seconds=seconds)
        await self.world.pass_to(at)
        self.stage.time.pass_to(at)
        for worker in self.workers:
            await worker.fences_itself()

    def _act(self, number: int) -> None:
        """Some acts at once: the usual ones, each left out now and then, and others that are drawn."""
        draw, cast = self._random, Cast(self.schedulers, self.workers, self.jobs, self.callers, self.bulk)
        usual = [act for name, act in cast.schedulers_may() + cast.workers_may(draw) if name in USUAL]
        acts = [act for act in usual if draw.random() < 0.8]
        acts += [cast.any_act(draw, self.stage.time.now) for _ in range(draw.choice([3, 5, 7, 9]))]
        acts += self._newcomers()
        self.acts.append(len(acts))
        for place, act in enumerate(acts):
            if (number, place) not in self._cut.left_out:
                act()

    def _newcomers(self) -> list[Act]:
        """Now and then another scheduler takes over; a worker takes the place of one that is gone."""
        newcomers: list[Act] = [self._new_scheduler] * self._random.choice([0, 0, 0, 1, 2])
        if len([one for one in self.workers if one.lives]) < 2 and self._random.random() < 0.5:
            newcomers.append(self._new_worker)
        return newcomers

    async def _end(self) -> None:
        """No more faults: what is under way must come to its end, and nothing may be missing."""
        self.choice.spare(True)
        self.stage.broker.faulty = False
        for worker in self.workers:
            worker.is_cut_off(False)
        await self.stage.gate.run(to_the_end=True)
        self._new_scheduler()
        self._new_worker()
        await self.stage.gate.run(to_the_end=True)
        while await self.world.rows("SELECT FROM operations WHERE ended_at IS NULL LIMIT 1"):
            self.bulk.chunks()
            await self.stage.gate.run(to_the_end=True)
        for row in await self.world.rows("SELECT job_id FROM jobs WHERE status = 'PENDING' ORDER BY job_id"):
            self.callers.pause(row["job_id"])  # jobs whose creation was not answered among them
        await self.stage.gate.run(to_the_end=True)
        for number in range(CALM_ROUNDS):
            if number and not await self.world.rows("SELECT FROM executions WHERE end_time IS NULL LIMIT 1"):
                break
            await self._calm_round()
        await self._check()
        await check_end(self.evidence)

    async def _calm_round(self) -> None:
        await self._pass(11)
        for worker in [one for one in self.workers if one.lives]:
            worker.beats()
        await self.stage.gate.run(to_the_end=True)
        leader = self.schedulers[-1]
        for name in ("plan", "rescue", "release", "settle", "redeliver", "relay", "resend"):
            leader.act(name)
            await self.stage.gate.run(to_the_end=True)
        for worker in [one for one in self.workers if one.lives]:
            while self.stage.broker.ready:
                worker.receives()
            await self.stage.gate.run(to_the_end=True)


async def tell(world: World, seed: int, cut: Cut = Cut()) -> Told:  # noqa: B008 (it is frozen)
    """Tell the story of a seed."""
    story, violation = Story(world, seed, cut), None
    try:
        await story.tell()
    except Violation as error:
        violation = error
    except Stuck as error:
        violation = Violation("nothing is stuck", str(error))
    finally:
        await story.stage.close()
    gate = story.stage.gate
    return Told(
        seed, gate.hash, gate.steps, gate.trace, gate.pairs, dict(gate.deadlocks), story.acts, story.choice.drawn,
        violation,
    )  # fmt: skip
