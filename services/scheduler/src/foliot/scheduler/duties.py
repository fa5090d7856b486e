"""Everything a leader does, for one term."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from foliot.common.broker.publishing import Publisher
from foliot.common.broker.topology import DEFAULT_POOL
from foliot.common.clock import Clock
from foliot.common.process.periodic import periodic
from foliot.scheduler import metrics
from foliot.scheduler.dead_letter_queue import DeadLetterQueue
from foliot.scheduler.dispatcher import Dispatcher
from foliot.scheduler.gauges import Gauges
from foliot.scheduler.partitions import Partitions
from foliot.scheduler.planner import Planner
from foliot.scheduler.reconciler import Reconciler
from foliot.scheduler.redelivery import Redelivery
from foliot.scheduler.relay import Relay
from foliot.scheduler.rescuer import Rescuer
from foliot.scheduler.retention import Kept, Retention
from foliot.scheduler.time_zones import TimeZones
from foliot.scheduler.unit import UnitsOfWork
from foliot.scheduler.windows import Windows

FINISH = 0.3
"""Seconds that publishes under way get at the end of a term; the next leader sends what is not confirmed."""
Step = Callable[[], Awaitable[float | None]]


class Duties:
    """Builds the roles of a term and runs them until one is Fenced or the term is ended from outside."""

    def __init__(
        self,
        database: UnitsOfWork, publisher: Publisher, clock: Clock, *,
        plan_wake: asyncio.Event, relay_wake: asyncio.Event, plan_batch: int, lease: float,
        kept: Kept = Kept(), maintenance: UnitsOfWork | None = None,  # noqa: B008 -- frozen
    ) -> None:  # fmt: skip
        self._database = database
        self._publisher = publisher
        self._clock = clock
        self._plan_wake = plan_wake
        self._relay_wake = relay_wake
        self._plan_batch = plan_batch
        self._lease = lease
        self._kept = kept
        self._maintenance = maintenance

    async def lead(self, term: int, serves: Callable[[], None]) -> None:
        """Until the term has passed (raises Fenced) or this is cancelled; calls `serves` after each step of the
        planner."""
        windows = Windows(self._relay_wake.set)
        dispatcher = Dispatcher(self._publisher, windows, {DEFAULT_POOL}, self._clock)
        gauges = Gauges(self._database, self._publisher.ready_messages, dispatcher.pools, lease=self._lease)
        relay = Relay(self._database, term, dispatcher, windows, self._clock, lease=self._lease)
        planner = Planner(self._database, term, dispatcher, self._clock, batch=self._plan_batch)
        reconciler = Reconciler(self._database, term)
        partitions = Partitions(self._database)
        time_zones = TimeZones(self._database, term, self._clock)
        rescuer = Rescuer(self._database, term, self._clock, lease=self._lease)
        dead_letters = DeadLetterQueue(self._database, term, self._publisher)
        retention = Retention(self._database, term, self._kept, self._maintenance)
        redelivery = Redelivery(
            self._database, term, dispatcher, self._publisher.ready_messages, self._clock, lease=self._lease
        )
        metrics.UNCONFIRMED.set_function(lambda: dispatcher.unconfirmed)
        try:
            await partitions.step()
            await relay.send_unclaimed()
            async with asyncio.TaskGroup() as group:
                self._start(group, "plan", _noting(planner.step, serves), 0.2, self._plan_wake)
                self._start(group, "relay", relay.step, 0.2, self._relay_wake)
                self._start(group, "resend", dispatcher.resend, 0.25)
                self._start(group, "rescue", rescuer.step, 2.0)
                self._start(group, "release", reconciler.release, 1.0)
                self._start(group, "settle", reconciler.settle, 10.0)
                self._start(group, "redeliver", redelivery.step, 10.0)
                self._start(group, "dead_letter_copy", dead_letters.copy, 1.0)
                self._start(group, "dead_letter_clear", dead_letters.clear, 10.0)
                self._start(group, "gauges", gauges.step, 5.0)
                self._start(group, "retention", retention.step, 600.0)
                self._start(group, "time_zones", time_zones.step, 3600.0)
                self._start(group, "partitions", partitions.step, 3600.0)
        finally:
            gauges.clear()
            metrics.UNCONFIRMED.set_function(float)
            await dispatcher.close(FINISH)

    def _start(
        self,
        group: asyncio.TaskGroup, name: str, step: Step, interval: float,
        wake: asyncio.Event | None = None,
    ) -> None:  # fmt: skip
        group.create_task(periodic(name, step, interval=interval, clock=self._clock, wake=wake), name=name)


def _noting(step: Step, serves: Callable[[], None]) -> Step:
    """The step, which calls `serves` after it: PostgreSQL is within reach."""

    async def noting() -> float | None:
        wait = await step()
        serves()
        return wait

    return noting
