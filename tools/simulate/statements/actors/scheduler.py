"""A scheduler of a story: the product's duties over one term, each act one of their steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from foliot.common.errors import Fenced, Unavailable
from foliot.scheduler.dispatcher import Dispatcher
from foliot.scheduler.planner import Planner
from foliot.scheduler.reconciler import Reconciler
from foliot.scheduler.redelivery import Redelivery
from foliot.scheduler.relay import Relay
from foliot.scheduler.rescuer import Rescuer
from foliot.scheduler.retention import Expirer, RetentionPeriods
from foliot.scheduler.time_zones import TimeZones
from foliot.scheduler.unit import Unit
from foliot.scheduler.windows import Windows
from simulate.statements.broker import Publisher
from simulate.statements.stage import Stage

LEASE = 30.0
"""Seconds, as by default."""
PERIODS = RetentionPeriods(
    executions_months=1,
    audit_logs_months=1,
    job_versions_months=1,
    jobs_days=1,
    dead_letters_days=1,
    idempotency_keys_hours=1,
    operations_days=1,
)
"""The shortest that the configuration takes."""
CLOSED = timedelta(seconds=30)
"""History before it is closed by stories: longer than a grace, so that ticks are missed that lie before it and after."""
EXPECTED = (Fenced, Unavailable)
"""The errors that a duty may end with: the term has passed, or PostgreSQL was away."""


class Scheduler:
    """One process. It leads once `take_term` has come through, and never knows when it ceases to."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.name = name
        self._stage = stage
        self._units = stage.database("scheduler", Unit, name)
        self._clock = stage.clock(name)
        self._ready = False

    @property
    def leads(self) -> bool:
        return self._ready and not self._stage.gate.is_dead(self.name)

    async def take_term(self, czxid: int) -> None:
        """Take leadership with this node, and send once more what the former leader sent in vain."""
        async with self._units.transaction() as unit:
            term = await unit.terms.take_term(self.name, czxid, "story")
        if term is None:
            return
        self._term = self._stage.effects.terms[self.name] = term
        self._stage.effects.taken.append((self._stage.gate.steps, term))
        windows = Windows()
        publisher = Publisher(self._stage.broker, self._stage.gate, self.name)
        self.dispatcher = Dispatcher(publisher, windows, {"default"}, self._clock)
        self.planner = Planner(self._units, term, self.dispatcher, self._clock, batch=500)
        self.relay = Relay(self._units, term, self.dispatcher, windows, self._clock, lease=LEASE)
        self.rescuer = Rescuer(self._units, term, lease=LEASE)
        self.reconciler = Reconciler(self._units, term)
        self.redelivery = Redelivery(self._units, term, self.dispatcher, self._ready_messages, lease=LEASE)
        self.time_zones = TimeZones(self._units, term, self._clock)
        self.expirer = Expirer(self._units, term, PERIODS, None)
        self._ready = True
        await self.relay.send_unclaimed()

    async def _close_history(self) -> None:
        """Close history before the last half minute, as retention closes a month before it is dropped."""
        async with self._units.transaction() as unit:
            await unit.terms.hold_term(self._term)
            await unit.months.close_months(self._clock.now() - CLOSED)

    async def _ready_messages(self, queue: str) -> int:
        return len(self._stage.broker.ready)

    def acts(self) -> dict[str, Callable[[], Awaitable[object]]]:
        return {
            "plan": self.planner.step, "relay": self.relay.step, "resend": self.dispatcher.resend,
            "rescue": self.rescuer.step, "release": self.reconciler.release, "settle": self.reconciler.settle,
            "redeliver": self.redelivery.step, "time zones": self.time_zones.step, "expire": self.expirer.step,
            "close": self._close_history,
        }  # fmt: skip

    def act(self, name: str) -> None:
        async def acting() -> None:
            await self.acts()[name]()

        self._stage.start(acting(), f"{self.name} {name}", tolerates=EXPECTED)

    def takes_over(self) -> None:
        self._stage.start(self.take_term(next(self._stage.czxids)), f"{self.name} takes over", tolerates=EXPECTED)
