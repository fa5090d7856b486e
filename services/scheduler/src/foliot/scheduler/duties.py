"""Duties: all that a leader does, for one term."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from foliot.common.broker.publishing import Publisher
from foliot.common.broker.topology import DEFAULT_POOL
from foliot.common.clock import Clock
from foliot.common.process.periodic import periodic
from foliot.scheduler import metrics
from foliot.scheduler.config import Config, retention_periods
from foliot.scheduler.dead_letter_queue import DeadLetterQueue
from foliot.scheduler.dispatcher import Dispatcher
from foliot.scheduler.gauges import Gauges
from foliot.scheduler.partitions import Partitions
from foliot.scheduler.pause_ends import PauseEnds
from foliot.scheduler.planner import Planner
from foliot.scheduler.reconciler import Reconciler
from foliot.scheduler.redelivery import Redelivery
from foliot.scheduler.relay import Relay
from foliot.scheduler.rescuer import Rescuer
from foliot.scheduler.retention import Expirer
from foliot.scheduler.time_zones import TimeZones
from foliot.scheduler.unit import UnitsOfWork
from foliot.scheduler.windows import Windows

PUBLISH_GRACE = 0.3
"""Seconds that publishes under way get at the end of a term. The next leader sends what is not confirmed by then."""
Step = Callable[[], Awaitable[float | None]]
"""One step of a duty. Gives the seconds until the next one, None for the interval of the duty."""


class Duty(NamedTuple):
    """A step that repeats, every `interval` seconds unless it says otherwise. `wake` brings the next one forward."""

    name: str
    step: Step
    interval: float
    wake: asyncio.Event | None = None


class Duties:
    """Builds the roles of a term and runs them until one is Fenced or the term is ended from outside."""

    def __init__(
        self,
        config: Config,
        database: UnitsOfWork,
        publisher: Publisher,
        clock: Clock,
        *,
        maintenance: UnitsOfWork | None,
        plan_wake: asyncio.Event,
        relay_wake: asyncio.Event,
    ) -> None:
        """`maintenance`: the database as role foliot_maintenance; without it no month is dropped."""
        self._config = config
        self._database = database
        self._publisher = publisher
        self._clock = clock
        self._maintenance = maintenance
        self._plan_wake = plan_wake
        self._relay_wake = relay_wake

    async def lead(self, term: int, serves: Callable[[], None]) -> None:
        """Perform the duties until cancelled. Calls `serves` after each step of the planner: PostgreSQL is in reach.

        Raises Fenced (in a group) if the term has passed, and the error of a duty that failed for good.
        """
        database, clock, lease = self._database, self._clock, self._config.lease_seconds
        ready_messages = self._publisher.ready_messages
        windows = Windows(self._relay_wake.set)
        dispatcher = Dispatcher(self._publisher, windows, {DEFAULT_POOL}, clock)
        planner = Planner(database, term, dispatcher, clock, batch=self._config.plan_batch)
        relay = Relay(database, term, dispatcher, windows, clock, lease=lease)
        rescuer = Rescuer(database, term, lease=lease)
        reconciler = Reconciler(database, term)
        redelivery = Redelivery(database, term, dispatcher, ready_messages, lease=lease)
        dead_letters = DeadLetterQueue(database, term, self._publisher)
        gauges = Gauges(database, ready_messages, dispatcher.pools, lease=lease)
        expirer = Expirer(database, term, retention_periods(self._config), self._maintenance)
        time_zones = TimeZones(database, term, clock)
        partitions = Partitions(database)
        duties = (
            Duty("plan", _noting(planner.step, serves), Planner.INTERVAL, self._plan_wake),
            Duty("relay", relay.step, Relay.INTERVAL, self._relay_wake),
            Duty("resend", dispatcher.resend, Dispatcher.RESEND_INTERVAL),
            Duty("rescue", rescuer.step, Rescuer.INTERVAL),
            Duty("release", reconciler.release, Reconciler.RELEASE_INTERVAL),
            Duty("settle", reconciler.settle, Reconciler.SETTLE_INTERVAL),
            Duty("redeliver", redelivery.step, Redelivery.INTERVAL),
            Duty("dead_letter_copy", dead_letters.copy, DeadLetterQueue.COPY_INTERVAL),
            Duty("dead_letter_clear", dead_letters.clear, DeadLetterQueue.CLEAR_INTERVAL),
            Duty("pause_ends", PauseEnds(database, term).step, PauseEnds.INTERVAL),
            Duty("gauges", gauges.step, Gauges.INTERVAL),
            Duty("retention", expirer.step, Expirer.INTERVAL),
            Duty("time_zones", time_zones.step, TimeZones.INTERVAL),
            Duty("partitions", partitions.step, Partitions.INTERVAL),
        )
        metrics.UNCONFIRMED.set_function(lambda: dispatcher.unconfirmed)
        try:
            await partitions.step()
            await relay.send_unclaimed()
            await self._repeat(duties)
        finally:
            gauges.clear()
            metrics.UNCONFIRMED.set_function(float)
            await dispatcher.close(PUBLISH_GRACE)

    async def _repeat(self, duties: Sequence[Duty]) -> None:
        async with asyncio.TaskGroup() as group:
            for duty in duties:
                group.create_task(
                    periodic(duty.name, duty.step, interval=duty.interval, clock=self._clock, wake=duty.wake),
                    name=duty.name,
                )


def _noting(step: Step, serves: Callable[[], None]) -> Step:
    """The step, with a call of `serves` after it."""

    async def noting() -> float | None:
        wait = await step()
        serves()
        return wait

    return noting
