"""The surface of the API: routes as the application declares them, parameters as each route says that it knows them."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from foliot.api.app import build_app
from foliot.common.clock import SystemClock
from fuzz.grammar import Route, Surface
from support.raw_http import exchange


def routes_of() -> list[Route]:
    """From an application that is not served: nothing asks its database."""

    async def readiness() -> tuple[str | None, dict[str, Any]]:
        return None, {}

    app = build_app(None, SystemClock(), readiness)  # type: ignore[arg-type]
    found = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource is not None}
    return sorted(found)


async def parameters_of(port: int, routes: list[Route], key: str) -> Surface:
    known = {(method, path): await _asked(port, method, path, key) for method, path in routes}
    return Surface(routes, known)


async def _asked(port: int, method: str, path: str, key: str) -> list[str]:
    """Each route is asked with a parameter that it cannot know."""
    if method != "GET" or not path.startswith("/v1"):
        return []
    target = re.sub(r"\{[^}]*\}", "1", path)
    head = f"GET {target}?no_such=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\r\n"
    answer = await exchange(port, head.encode())
    if answer is None or answer.status != 422:
        return []
    message = msgspec.json.decode(answer.body)["errors"][0]["message"]
    return [name for name in message.partition("the parameters are ")[2].split(", ") if name not in ("", "none")]
