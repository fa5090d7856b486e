"""Composition root of the API."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from foliot.api.app import KEYS, OPERATIONS, build_app
from foliot.api.bulk.operations import LOOK_EVERY
from foliot.api.config import Config
from foliot.api.queries.unit import Unit, UnitsOfWork
from foliot.api.web.auth import NOTE_USE_EVERY
from foliot.api.web.reads import PROBE_SECONDS, ReadReplica
from foliot.api.web.refusals import refuse
from foliot.common.clock import Clock, SystemClock
from foliot.common.ledger.database import Database
from foliot.common.ledger.schema import await_schema, why_not_ready
from foliot.common.process import lifecycle
from foliot.common.process.admin import listen
from foliot.common.process.periodic import periodic

GRACE_SECONDS = 10.0
"""Time for requests in flight to end when the process stops."""
STATEMENT_SECONDS = 4.0
"""Time for a statement: a caller hears within 5 s that PostgreSQL hangs."""


async def run(config: Config, stop: asyncio.Event) -> None:
    """Serve until `stop` is set. Order of stopping: not ready, no new connections, requests in flight, the database."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            Database(
                config.database_url, Unit, size=config.api_database_connections, name="primary",
                patience=STATEMENT_SECONDS,
            )
        )  # fmt: skip

        async def readiness() -> tuple[str | None, dict[str, Any]]:
            return await why_not_ready(database, stop), {}

        replica = await _replica(stack, config, database, clock)
        app = build_app(database, clock, readiness, replica)
        await stack.enter_async_context(
            listen(app, config.api_host, config.api_port, clock, grace=GRACE_SECONDS, refuse=refuse)
        )
        await await_schema(database, stop, clock)
        noting = periodic("key_use", app[KEYS].note_use, interval=NOTE_USE_EVERY, clock=clock)
        going_on = periodic("operations", app[OPERATIONS].step, interval=LOOK_EVERY, clock=clock)
        tasks = [
            asyncio.create_task(lifecycle.watch_loop(clock), name="loop-lag"),
            asyncio.create_task(noting, name="key-use"),
            asyncio.create_task(going_on, name="operations"),
        ]
        if replica is not None:
            watch = periodic("replica", replica.step, interval=PROBE_SECONDS, clock=clock)
            tasks.append(asyncio.create_task(watch, name="replica"))
        await stop.wait()
        for task in tasks:
            task.cancel()


async def _replica(stack: AsyncExitStack, config: Config, primary: UnitsOfWork, clock: Clock) -> ReadReplica | None:
    if config.database_replica_url is None:
        return None
    size = config.api_database_connections
    replica = Database(config.database_replica_url, Unit, size=size, name="replica", patience=STATEMENT_SECONDS)
    database = await stack.enter_async_context(replica)
    return ReadReplica(primary, database, clock)
