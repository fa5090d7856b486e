"""The HTTP pages of every process: /healthz, /readyz and /metrics."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web
from prometheus_async import aio

_BACKLOG = 1024
"""Connections that may wait to be accepted: a crowd of clients that connects at one instant is not refused."""
_GRACE = 5.0
"""Seconds for requests in flight at the stop: as long as a statement may take in PostgreSQL."""
Readiness = Callable[[], Awaitable[tuple[str | None, dict[str, Any]]]]
"""Returns the reason why the process cannot serve (None: it can), and details that /readyz shows beside it."""


def health_routes(readiness: Readiness) -> list[web.RouteDef]:
    async def healthz(_request: web.Request) -> web.Response:
        return _json({"status": "live"}, 200)

    async def readyz(_request: web.Request) -> web.Response:
        reason, details = await readiness()
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
async def listen(app: web.Application, host: str, port: int, *, grace: float = _GRACE) -> AsyncIterator[None]:
    """Serve `app` until the context ends. Requests in flight then have `grace` seconds."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=grace)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=_BACKLOG).start()
        yield
    finally:
        await runner.cleanup()


def admin_app(readiness: Readiness) -> web.Application:
    app = web.Application()
    app.add_routes(health_routes(readiness))
    return app
