"""The API without a database: its own handler, and nothing is written.

What POST /v1/jobs could do at most in one process. `python -m benchmarks.ceiling PORT KEY`
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import uvloop
from aiohttp import web

from foliot.api.handlers.jobs import JobHandlers
from foliot.api.operations.table import OPERATIONS, route
from foliot.api.views.served import Served
from foliot.api.views.waits import Waits
from foliot.api.web.auth import Principal, Role, hash_key
from foliot.api.web.changes import Changes
from foliot.api.web.middleware import around
from foliot.api.web.reads import Reads
from foliot.common.clock import SystemClock
from foliot.common.process.logs.setup import configure


class OneKey:
    """Knows one key, as an API that has just looked it up."""

    def __init__(self, key: str) -> None:
        self._hash = hash_key(key)

    async def principal(self, authorization: str | None) -> Principal:
        assert hash_key((authorization or "").removeprefix("Bearer ")) == self._hash
        return Principal(key_id=1, user_id=1, team_id=None, role=Role.ADMIN)


class Nothing:
    """In the place of a database: takes every creation at once and keeps none."""

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Nothing]:
        yield self

    @property
    def definitions(self) -> Nothing:
        return self

    @property
    def workers(self) -> Nothing:
        return self

    async def list_workers(self, _lease: float) -> Sequence[Any]:
        return []

    async def reserve_job_ids(self, count: int) -> tuple[datetime, Sequence[int]]:
        return datetime.now(UTC), range(1, count + 1)

    async def insert_created(self, _creations: Sequence[Any]) -> None: ...


async def serve(port: int, key: str) -> None:
    app = web.Application(middlewares=[around(OneKey(key))])  # type: ignore[arg-type]
    nothing: Any = Nothing()
    clock = SystemClock()
    handlers = JobHandlers(
        nothing, Reads(nothing), Changes(nothing, clock), Served(nothing, clock), Waits(nothing, clock)
    )
    app.add_routes(route(one, handlers) for one in OPERATIONS if one.handler is JobHandlers.create)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    configure("api", "INFO")
    gc.freeze()  # as the services do at their start
    gc.set_threshold(20_000, 20, 20)
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))
