"""Composition root of a scheduler."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import structlog

from foliot.common.broker.link import Link
from foliot.common.broker.publishing import Publisher
from foliot.common.broker.topology import DEFAULT_POOL, topology
from foliot.common.clock import SystemClock
from foliot.common.ledger.database import Database
from foliot.common.ledger.schema import await_schema, why_not_ready
from foliot.common.process import lifecycle
from foliot.common.process.admin import admin_app, listen
from foliot.common.process.periodic import periodic
from foliot.scheduler import events, wakeups
from foliot.scheduler.config import Config
from foliot.scheduler.duties import Duties
from foliot.scheduler.last_planned import LastPlanned
from foliot.scheduler.leadership import Leadership
from foliot.scheduler.presence import Presence
from foliot.scheduler.unit import Unit
from foliot.scheduler.zookeeper import connect

CONNECTIONS = 8
"""Connections to the primary. The planner takes up to three (two portions at once and a job that is given up), the
relay one; the duties that run now and then share the others."""
LINK_INTERVAL = 1.0
"""Seconds between two looks whether the link to RabbitMQ is open."""
_log = structlog.get_logger()


async def run(config: Config, stop: asyncio.Event) -> None:
    """Run one scheduler until `stop` is set. Only the elected one performs the duties.

    Order of stopping: not ready, duties of the term (their transactions end), the node in ZooKeeper, the rest.
    Raises the error of a duty that failed for good: the supervisor of the process starts it again.
    """
    clock = SystemClock()
    plan_wake, relay_wake = asyncio.Event(), asyncio.Event()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            Database(config.database_url, Unit, size=CONNECTIONS, name="primary")
        )
        maintenance = None
        if config.maintenance_database_url is not None:
            maintenance = await stack.enter_async_context(
                Database(config.maintenance_database_url, Unit, size=1, name="maintenance")
            )
        link = Link(config.amqp_url, name=config.scheduler_id, clock=clock, queues=lambda: topology({DEFAULT_POOL}))
        publisher = Publisher(link)
        stack.push_async_callback(publisher.close)
        duties = Duties(
            config,
            database,
            publisher,
            clock,
            maintenance=maintenance,
            plan_wake=plan_wake,
            relay_wake=relay_wake,
        )
        if config.zookeeper_password is None:
            _log.warning(events.ZOOKEEPER_OPEN, remedy="set FOLIOT_ZOOKEEPER_PASSWORD on every scheduler")
        leadership = Leadership(
            lambda: connect(config.zookeeper_hosts, config.zookeeper_session_seconds, config.zookeeper_password),
            database,
            duties.lead,
            scheduler_id=config.scheduler_id,
            root=config.zookeeper_root,
            clock=clock,
        )
        last_planned = LastPlanned(clock, config.zookeeper_session_seconds)
        presence = Presence(database, leadership, last_planned, clock, scheduler_id=config.scheduler_id)

        async def readiness() -> tuple[str | None, dict[str, Any]]:
            role = "leader" if leadership.term is not None else "standby"
            details = {"role": role, "term": leadership.term, "scheduler_id": config.scheduler_id}
            return await why_not_ready(database, stop) or last_planned.why_not_ready(), details

        await stack.enter_async_context(listen(admin_app(readiness), config.admin_host, config.admin_port, clock))
        await await_schema(database, stop, clock)
        stack.push_async_callback(presence.forget)
        async with asyncio.TaskGroup() as group:
            background = [
                group.create_task(lifecycle.watch_loop(clock), name="loop-lag"),
                group.create_task(wakeups.listen(config.database_url, [plan_wake, relay_wake], clock), name="listen"),
                group.create_task(
                    periodic("link", publisher.keep_open, interval=LINK_INTERVAL, clock=clock), name="link"
                ),
                group.create_task(
                    periodic("presence", presence.step, interval=Presence.INTERVAL, clock=clock), name="presence"
                ),
            ]
            await leadership.run(stop)
            for task in background:
                task.cancel()
