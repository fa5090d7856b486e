"""The caller of a request: set by the middleware, read by handlers, audited with every change."""

from __future__ import annotations

import msgspec
from aiohttp import hdrs, web

from foliot.api.web.auth import Principal


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The holder of the key, and the request as it came."""

    principal: Principal
    request_id: str
    traceparent: str | None
    ip_address: str | None
    user_agent: str


_CALLER = web.RequestKey("caller", Caller)


def let_in(request: web.Request, principal: Principal, request_id: str, traceparent: str | None) -> None:
    """Accept the request: from here on `caller_of` gives its caller."""
    request[_CALLER] = Caller(
        principal=principal,
        request_id=request_id,
        traceparent=traceparent,
        ip_address=_address_of(request),
        user_agent=_user_agent_of(request),
    )


def caller_of(request: web.Request) -> Caller:
    return request[_CALLER]


def _user_agent_of(request: web.Request) -> str:
    agent = request.headers.get(hdrs.USER_AGENT, "")[:500]
    return agent if agent.isascii() else agent.encode(errors="replace").decode()  # bytes that are not UTF-8


def _address_of(request: web.Request) -> str | None:
    """Without the zone of a link-local address, which PostgreSQL's inet does not know."""
    return (request.remote or "").partition("%")[0] or None
