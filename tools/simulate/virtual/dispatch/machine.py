"""Dispatcher and windows, between a planner, a relay and workers of the model, and a broker that cannot be trusted."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from datetime import datetime

from foliot.common.broker.topology import DEFAULT_POOL, class_of, pool_queues
from foliot.common.errors import Unavailable
from foliot.common.model.execution import Handout
from foliot.common.model.ticks import Tick
from foliot.common.process.periodic import periodic
from foliot.scheduler.dispatcher import Dispatcher, messages
from foliot.scheduler.windows import QueueKey, Windows
from simulate.virtual.dispatch.broker import KINDS, Broker
from simulate.virtual.dispatch.judge import RESEND, Judge
from simulate.virtual.story import EVERYBODY, Fault, Plan, Stage

POOLS = (DEFAULT_POOL, "gpu")
PRIORITIES = (0, 2, 7)
SLOTS = 10
FAILED_COMMITS = 0.2
"""Share of the planner's transactions that fail."""
FAULTS_WITHIN = 6.0
WORKED_WITHIN = 8.0
"""Seconds in which the actors make work; a backlog of more than a window among it."""
AT_REST_WITHIN = 60.0
"""Seconds after the last fault in which everything must be confirmed and claimed: queues that wedged cost 4 x 5 s each."""


class DispatchMachine:
    name = "dispatch"

    def draw(self, rng: random.Random) -> Plan:
        faults = []
        for _ in range(rng.randint(0, 4)):
            kind = f"amqp-{rng.choice(KINDS)}"
            target = rng.randrange(len(QUEUES)) if kind in ("amqp-wedge", "amqp-delete") else EVERYBODY
            lasts = 0.0 if target != EVERYBODY else rng.choice([rng.uniform(0.05, 1.0), rng.uniform(0.5, 8.0)])
            faults.append(Fault(round(rng.uniform(0, FAULTS_WITHIN), 3), round(lasts, 3), kind, target))
        return Plan(rng.randint(1, 8), tuple(sorted(faults, key=lambda fault: fault.at)))

    async def play(self, stage: Stage) -> None:
        await Term(stage).play()


QUEUES = [queue.name for pool in POOLS for queue in pool_queues(pool)]


class Term:
    """The dispatcher of one term, and PostgreSQL's count of what is dispatched and unclaimed."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._judge = Judge(stage)
        self._broker = Broker(stage, self._judge, QUEUES)
        self._recount = asyncio.Event()
        self._windows = Windows(self._recount.set)
        self._dispatcher = Dispatcher(self._broker, self._windows, {DEFAULT_POOL}, stage.clock)
        self._keys: dict[int, QueueKey] = {}
        self._unclaimed: defaultdict[QueueKey, set[int]] = defaultdict(set)
        self._backlog: list[Handout] = []
        self._reserving: defaultdict[QueueKey, int] = defaultdict(int)
        self._erased: defaultdict[QueueKey, int] = defaultdict(int)
        self._overtaken: defaultdict[QueueKey, int] = defaultdict(int)
        self._made = self._recounts = 0
        slots = stage.rng.choice([1, SLOTS, 60])
        self._windows.set_workers(dict.fromkeys(POOLS, slots), dict.fromkeys(POOLS, 2))
        stage.loop.on_jump = self._look

    async def play(self) -> None:
        stage, clock = self._stage, self._stage.clock
        world = stage.loop.world
        resend = periodic(RESEND, self._dispatcher.resend, interval=Dispatcher.RESEND_INTERVAL, clock=clock)
        stage.spawn(world, resend, RESEND)
        stage.spawn(world, periodic("relay", self._relay, interval=0.5, clock=clock, wake=self._recount), "relay")
        stage.spawn(world, periodic("work", self._claim, interval=0.3, clock=clock), "workers")
        makers = [stage.spawn(world, self._plan(), "plan") for _ in range(stage.plan.size)]
        strikes = [stage.spawn(world, self._strike(fault), "fault") for fault in stage.plan.faults]
        await stage.quiet()
        await asyncio.wait([*makers, *strikes])
        until = stage.now + AT_REST_WITHIN
        while (why := self._unrest()) and stage.now < until:
            await asyncio.sleep(1.0)
        stage.expect(not why, "everything sent arrives", lambda: f"{AT_REST_WITHIN:g} s after the faults: {why}")

    def _unrest(self) -> str:
        if self._judge.outstanding:
            return f"{sorted(self._judge.outstanding)} are not confirmed"
        return f"{len(self._backlog)} wait in PostgreSQL" if self._backlog else ""

    async def _strike(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at)
        self._stage.note("FAULT", str(fault))
        self._broker.strike(fault.kind, QUEUES[fault.target])

    async def _plan(self) -> None:
        """The planner: reserves, commits, sends; what has no room becomes backlog."""
        rng, stage = self._stage.rng, self._stage
        await asyncio.sleep(rng.uniform(0, WORKED_WITHIN))
        pool, priority = rng.choice(POOLS), rng.choice(PRIORITIES)
        now = stage.clock.now()
        ticks = [
            Tick(
                job_id=1, user_id=1, team_id=None, status="QUEUED", scheduled_time=now, pool=pool, priority=priority,
                available_at=now,
            )
            for _ in range(rng.choice([1, 5, 90, 160]))
        ]  # fmt: skip
        key = (pool, class_of(priority))
        while (reserved := await self._commit(key, ticks, now)) is None:
            await asyncio.sleep(rng.random() * 0.05)
        handouts = [self._handout(tick) for tick in ticks]
        self._send(key, handouts[:reserved])
        self._backlog += handouts[reserved:]

    async def _commit(self, key: QueueKey, ticks: list[Tick], now: datetime) -> int | None:
        """Reserve and commit, as the planner does. Gives the places that were taken, None if the commit failed."""
        rng, reserved = self._stage.rng, 0
        try:
            with self._dispatcher.reservation() as reserve:
                reserve(ticks, now)
                reserved = sum(tick.dispatch for tick in ticks)
                self._reserving[key] += reserved
                recounts = self._recounts
                await asyncio.sleep(rng.random() * 0.05)
                self._reserving[key] -= reserved
                before = self._windows.room(*key)
                if rng.random() < FAILED_COMMITS:
                    raise Unavailable("PostgreSQL is away")
        except Unavailable:
            given = self._windows.room(*key) - before
            self._stage.expect(
                given == reserved or recounts != self._recounts, "a failed commit gives its places back",
                lambda: f"{given} of {reserved}",
            )  # fmt: skip
            return None
        return reserved

    def _handout(self, tick: Tick) -> Handout:
        self._made += 1
        assert tick.available_at is not None
        return Handout(self._made, tick.job_id, tick.scheduled_time, 1, tick.pool, tick.priority, tick.available_at)

    def _send(self, key: QueueKey, handouts: list[Handout]) -> None:
        """They are committed as dispatched: from here on PostgreSQL counts them."""
        self._unclaimed[key] |= {one.execution_id for one in handouts}
        self._keys.update(dict.fromkeys((one.execution_id for one in handouts), key))
        limit, unseen = self._windows.limit(key[0]), self._erased[key] + self._overtaken[key]
        self._stage.expect(
            len(self._unclaimed[key]) <= limit + unseen, "windows are never exceeded",
            lambda: f"{len(self._unclaimed[key])} of {limit} + {unseen} in {key}",
        )  # fmt: skip
        for message in messages(handouts, self._windows.spread):
            self._judge.sent(message.message_id)
        self._dispatcher.send(handouts)

    async def _relay(self) -> float | None:
        """The relay: counts, then hands out what fits. A count cannot see what is reserved and not committed."""
        counts = {key: len(unclaimed) for key, unclaimed in self._unclaimed.items()}
        unseen = dict(self._reserving)
        await asyncio.sleep(self._stage.rng.random() * 0.02)
        for key, reserved in self._reserving.items():
            committed = len(self._unclaimed[key]) - counts.get(key, 0)
            self._erased[key] = max(self._erased[key], reserved, unseen.get(key, 0), reserved + max(0, committed))
        self._windows.set_dispatched(counts)
        self._recounts += 1
        for pool in POOLS:
            for priority in PRIORITIES:
                await self._hand_out(pool, priority)
        return 0.05 if self._backlog else None

    async def _hand_out(self, pool: str, priority: int) -> None:
        """One backlog. A planner may take the room in the time of the transaction: the window then holds that much more,
        until a recount."""
        mine = [one for one in self._backlog if (one.pool, one.priority) == (pool, priority)]
        key = (pool, class_of(priority))
        room = self._windows.room(*key)
        if not (mine and room):
            return
        await asyncio.sleep(self._stage.rng.random() * 0.02)
        rows = mine[:room]
        self._backlog = [one for one in self._backlog if one not in rows]
        taken = self._windows.take(pool, priority, len(rows))
        self._overtaken[key] += len(rows) - taken
        self._send(key, rows)

    async def _claim(self) -> None:
        """Workers: they claim what the broker holds, and what only PostgreSQL knows of by redelivery."""
        for stored in (*self._broker.stored.values(), self._broker.lost):
            for execution_id in stored:
                self._unclaimed[self._keys[execution_id]].discard(execution_id)
            stored.clear()

    def _look(self) -> None:
        """Before time goes on: what is not confirmed is in the dispatcher's memory, all of it and nothing else."""
        held, sent = self._dispatcher.unconfirmed, len(self._judge.outstanding)
        self._stage.expect(held == sent, "nothing sent is forgotten", lambda: f"{held} are held of {sent}")
