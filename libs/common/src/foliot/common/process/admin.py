"""The HTTP pages of every process: /healthz, /readyz and /metrics."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web
from prometheus_async import aio

from foliot.common.clock import Clock
from foliot.common.process.connections import Bounds, Connections, Refusal, refuse_plainly

_BACKLOG = 1024
"""Connections that may wait to be accepted: a crowd of clients that connects at one instant is not refused."""
_GRACE = 5.0
"""Seconds for requests in flight at the stop: as long as a statement may take in PostgreSQL."""
_READY_SECONDS = 2.0
"""Time for the check of readiness: a probe gives up soon after, and would never learn the reason."""
_BOUNDS = Bounds()
Readiness = Callable[[], Awaitable[tuple[str | None, dict[str, Any]]]]
"""Returns the reason why the process cannot serve (None: it can), and details that /readyz shows beside it."""


class _Check:
    """The check of readiness, answered in time. A server that hangs is asked once, however many probes come."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness
        self._asked: asyncio.Task[tuple[str | None, dict[str, Any]]] | None = None

    async def __call__(self) -> tuple[str | None, dict[str, Any]]:
        if self._asked is None or self._asked.done():
            self._asked = asyncio.ensure_future(self._readiness())
        asked = self._asked
        await asyncio.wait({asked}, timeout=_READY_SECONDS)
        if not asked.done():
            return f"no answer within {_READY_SECONDS:g} s: PostgreSQL hangs, or the network to it", {}
        return asked.result()


def health_routes(readiness: Readiness) -> list[web.RouteDef]:
    check = _Check(readiness)

    async def healthz(_request: web.Request) -> web.Response:
        return _json({"status": "live"}, 200)

    async def readyz(_request: web.Request) -> web.Response:
        reason, details = await check()
        if reason is None:
            return _json({"status": "ready", **details}, 200)
        return _json({"status": "not ready", **details, "reason": reason}, 503)

    return [
        web.get("/healthz", healthz),
        web.get("/readyz", readyz),
        web.get("/metrics", aio.web.server_stats),
    ]


def _json(body: dict[str, Any], status: int) -> web.Response:
    line = orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)
    return web.Response(body=line, status=status, content_type="application/json")


@contextlib.asynccontextmanager
async def listen(
    app: web.Application, host: str, port: int, clock: Clock, *,
    grace: float = _GRACE, refuse: Refusal = refuse_plainly, bounds: Bounds = _BOUNDS,
) -> AsyncIterator[int]:  # fmt: skip
    """Serve `app` until the context ends, and give its port. Requests in flight then have `grace` seconds."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=grace)
    await runner.setup()
    assert runner.server is not None
    connections = Connections(runner.server, clock, refuse, bounds)
    watch = asyncio.create_task(connections.watch(), name="connections")
    try:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(connections.connection, host, port, backlog=_BACKLOG)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
    finally:
        await runner.cleanup()
        watch.cancel()


def admin_app(readiness: Readiness) -> web.Application:
    app = web.Application()
    app.add_routes(health_routes(readiness))
    return app
