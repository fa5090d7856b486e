"""Two or three schedulers, a ZooKeeper that expires their sessions and a PostgreSQL that knows the term."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import cast
from unittest import mock

from foliot.common.process.periodic import periodic
from foliot.scheduler import zookeeper
from foliot.scheduler.last_planned import LastPlanned
from foliot.scheduler.leadership import RENEWALS_PER_SESSION, TRUSTED_SHARE, Leadership
from foliot.scheduler.presence import Presence
from foliot.scheduler.unit import UnitsOfWork
from simulate.virtual.election.ensemble import EXPIRE_EACH, Ensemble
from simulate.virtual.election.library import Library
from simulate.virtual.election.terms import LeaderRow, Unit
from simulate.virtual.owners import Process
from simulate.virtual.postgres import KINDS, Server, Units
from simulate.virtual.story import EVERYBODY, Fault, Plan, Stage

SESSION = 3.0
WORK_EVERY = 0.4
FAULTS_WITHIN = 6.0
PROCESS_FAULTS = ("pause", "pause", "kill", "term")
BY_HAND = ("zk-delete", "zk-squat", "zk-wipe")
ENSEMBLE_FAULTS = ("zk-cut", "zk-cut", "zk-hole", "zk-hole", "zk-slow", "zk-down", *BY_HAND)
AFTER = ("", ":scheduler", ":term", ":zk-ping")
"""The tasks after whose next step a process is told to stop or stops, in the middle of a turn; "" at once."""
WAITS = 1.0
"""Seconds in which that step has to come."""
DISTURBED = SESSION / RENEWALS_PER_SESSION + 0.1
"""Seconds in which a leader may not know yet that somebody deleted its node by hand: a watch tells it or, before that is
set, the next renewal. On a network in trouble nobody can tell it before its trust in the last renewal ends."""
SETTLED_AFTER = 3.5
"""Seconds until the other schedulers have ended their backoff, too, and watch the node."""
LATE_STATEMENTS = 8.0
"""Seconds more after `pg-hold`: statements whose callers have gone arrive at its end, and each may lock the term until
its transaction is ended as idle."""
ELECTED_WITHIN = 2 * SESSION + 6.0
"""Seconds after the last fault until there is a leader: a session expires, a client gives up, a backoff runs out."""
HANDED_OVER_WITHIN = 0.3
"""Seconds from the stop of a leader to the next one: less than a candidate's own look at the node (a sixth of a
session), so a watch must have told it."""
READY_WITHIN = 8.0
"""Seconds more in which a scheduler hears that one plans: its heartbeat may just have begun to wait for PostgreSQL."""
STOPS_WITHIN = 3.0
ROOT = "/foliot"


class ElectionMachine:
    name = "election"

    def draw(self, rng: random.Random) -> Plan:
        size = rng.choice([2, 2, 3])
        faults = []
        for _ in range(rng.randint(0, 3)):
            kind = rng.choice([*(f"pg-{kind}" for kind in KINDS), *PROCESS_FAULTS, *ENSEMBLE_FAULTS, *ENSEMBLE_FAULTS])
            lasts = rng.choice([rng.uniform(0.05, 1.0), rng.uniform(1.0, 2.0 * SESSION)])
            target = rng.choice([*range(size), EVERYBODY])
            if kind in PROCESS_FAULTS and target == EVERYBODY:
                target = 0
            if kind in ("zk-down", *BY_HAND):
                target = EVERYBODY
            faults.append(Fault(round(rng.uniform(0, FAULTS_WITHIN), 3), round(lasts, 3), kind, target))
        return Plan(size, tuple(sorted(faults, key=lambda fault: fault.at)))

    async def play(self, stage: Stage) -> None:
        election = Election(stage)
        with mock.patch.object(zookeeper, "aiozk", election.library):
            await election.play()


class Scheduler:
    """One scheduler process: leadership, presence, and a duty that writes under its term."""

    def __init__(self, election: Election, number: int) -> None:
        stage = election.stage
        self.process = Process(f"scheduler-{number}")
        self.stop = asyncio.Event()
        self.leading: list[int] = []
        self._election = election
        self._clock = stage.clock
        self._units: Units[Unit] = Units(election.server, number, lambda connection: Unit(connection, election.row))
        database = cast(UnitsOfWork, self._units)
        self.leadership = Leadership(
            lambda: zookeeper.connect("model:2181", SESSION), database, self._lead,
            scheduler_id=self.process.name, root=ROOT, clock=self._clock,
        )  # fmt: skip
        self.last_planned = LastPlanned(self._clock, SESSION)
        self._presence = Presence(
            database, self.leadership, self.last_planned, self._clock, scheduler_id=self.process.name
        )
        self.task = stage.spawn(self.process, self._run(), self.process.name)

    async def _run(self) -> None:
        presence = periodic("presence", self._presence.step, interval=Presence.INTERVAL, clock=self._clock)
        beating = asyncio.get_running_loop().create_task(presence, name="presence")
        await self.leadership.run(self.stop)
        beating.cancel()
        await self._presence.forget()

    async def _lead(self, term: int, serves: Callable[[], None]) -> None:
        async def work() -> None:
            async with self._units.transaction() as unit:
                await unit.terms.hold_term(term)
            serves()

        self._election.begins(self, term)
        self.leading.append(term)
        try:
            await periodic("plan", work, interval=WORK_EVERY, clock=self._clock)
        finally:
            self.leading.remove(term)


class Election:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.row = LeaderRow(self._taken, stage.clock)
        self.server = Server(stage, self.row)
        self.ensemble = Ensemble(stage.loop.time, note=stage.note)
        numbers = {f"scheduler-{number}": number for number in range(stage.plan.size)}
        self.library = Library(stage, self.ensemble, numbers)
        self.schedulers: list[Scheduler] = []
        in_trouble = any(fault.kind in ("zk-slow", "zk-hole", "pause") for fault in stage.plan.faults)
        self._disturbed = TRUSTED_SHARE * SESSION if in_trouble else DISTURBED

    async def play(self) -> None:
        stage, world = self.stage, self.stage.loop.world
        self.schedulers = [Scheduler(self, number) for number in range(stage.plan.size)]
        stage.loop.on_jump = self._look
        stage.spawn(world, self._expire(), "expire")
        strikes = [stage.spawn(world, self._strike(fault), "fault") for fault in stage.plan.faults]
        await stage.quiet()
        if strikes:
            await asyncio.wait(strikes)
        leader = await self._elected(ELECTED_WITHIN, "there is a leader again")
        late = any(fault.kind == "pg-hold" for fault in stage.plan.faults)
        await asyncio.sleep(SETTLED_AFTER + (LATE_STATEMENTS if late else 0.0))
        leader = await self._elected(HANDED_OVER_WITHIN, "the leader stays") if leader is not None else None
        await self._ready()
        if leader is not None:
            await self._stop(leader)
            await self._elected(HANDED_OVER_WITHIN, "a stopped leader hands over at once")

    async def _ready(self) -> None:
        """Wait until the heartbeats have told every scheduler that one plans."""
        until = self.stage.now + READY_WITHIN
        while unready := [s.process.name for s in self.schedulers if s.last_planned.why_not_ready()]:
            if self.stage.now > until:
                self.stage.violate("schedulers are ready while one plans", ", ".join(unready))
            await asyncio.sleep(0.5)

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(EXPIRE_EACH)
            if not self.stage.until("zk-down", EVERYBODY):
                self.ensemble.expire()

    async def _strike(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at)
        self.stage.note("FAULT", str(fault))
        if fault.kind in PROCESS_FAULTS:
            await self._strike_process(fault, self.schedulers[fault.target])
        elif fault.kind in ("zk-delete", "zk-squat"):
            self.ensemble.disturb(f"{ROOT}/leader", squat=fault.kind == "zk-squat")
        elif fault.kind == "zk-wipe":
            self.ensemble.wipe()
        elif fault.kind in ("zk-cut", "zk-down"):
            self.library.cut(fault.target)
            await asyncio.sleep(fault.lasts)
            if fault.kind == "zk-down":
                self.ensemble.restart()

    async def _strike_process(self, fault: Fault, scheduler: Scheduler) -> None:
        loop = self.stage.loop
        if scheduler.process.killed:
            return  # its end brings the next one
        after = self.stage.rng.choice(AFTER)
        if fault.kind == "pause":
            await loop.strike_after(scheduler.process, after, WAITS, lambda: loop.stop_process(scheduler.process))
            await asyncio.sleep(fault.lasts)
            loop.resume_process(scheduler.process)
            return
        if fault.kind == "kill":
            loop.stop_process(scheduler.process, kill=True)
            self.library.cut(fault.target)
            await asyncio.sleep(fault.lasts)
        else:
            await loop.strike_after(scheduler.process, after, WAITS, scheduler.stop.set)
            while not (scheduler.task.done() or scheduler.process.killed):
                await asyncio.wait({scheduler.task}, timeout=1.0)
            if scheduler.process.killed:
                return
        self.schedulers[fault.target] = Scheduler(self, fault.target)

    async def _stop(self, scheduler: Scheduler) -> None:
        self.stage.note("JUDGE", f"stops {scheduler.process.name}")
        scheduler.stop.set()
        await asyncio.wait({scheduler.task}, timeout=STOPS_WITHIN)
        self.stage.expect(scheduler.task.done(), "a scheduler stops in time", lambda: scheduler.process.name)
        self.schedulers.remove(scheduler)

    async def _elected(self, within: float, invariant: str) -> Scheduler | None:
        """Wait until exactly one performs duties, confirmed and under the term that PostgreSQL knows."""
        until = self.stage.now + within
        while self.stage.now < until:
            leaders = [s for s in self.schedulers if s.leading]
            if len(leaders) == 1 and leaders[0].leading == [self.row.term] and leaders[0].leadership.confirmed:
                return leaders[0]
            await asyncio.sleep(0.02)
        told = {s.process.name: s.leading for s in self.schedulers}
        self.stage.violate(invariant, f"after {within:g} s: term {self.row.term}, leading {told}")
        return None

    def _look(self) -> None:
        """Before time goes on: at most one believes that ZooKeeper confirms it."""
        sure = [s.process.name for s in self.schedulers if not s.process.killed and s.leadership.confirmed]
        if len(sure) > 1 and self.stage.now - self.ensemble.disturbed_at > self._disturbed:
            self.stage.violate("two never believe that they lead", ", ".join(sure))

    def begins(self, scheduler: Scheduler, term: int) -> None:
        self.stage.note(scheduler.process.name, f"leads term {term}")
        self.stage.expect(not scheduler.leading, "one term at a time", lambda: f"{scheduler.leading} still runs")

    def _taken(self, scheduler_id: str, term: int, czxid: int) -> None:
        self.stage.note("postgres", f"{scheduler_id} takes term {term}")
        creator = self.ensemble.creators.get(czxid)
        known = creator is None or creator == scheduler_id  # a wiped ensemble has forgotten its creators
        self.stage.expect(known, "only the node's holder takes a term", lambda: f"{scheduler_id}, node of {creator}")
