"""Who asks for a change, as it is audited."""

from __future__ import annotations

import msgspec
from aiohttp import hdrs, web

from foliot.api.auth import Principal
from foliot.api.middleware import REQUEST_ID, TRACEPARENT, principal_of


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The holder of the key, and the request that came."""

    principal: Principal
    request_id: str
    traceparent: str | None
    ip_address: str | None
    user_agent: str


def caller_of(request: web.Request) -> Caller:
    return Caller(
        principal=principal_of(request),
        request_id=request[REQUEST_ID],
        traceparent=request[TRACEPARENT] or None,
        ip_address=_address_of(request),
        user_agent=_user_agent_of(request),
    )


def _user_agent_of(request: web.Request) -> str:
    agent = request.headers.get(hdrs.USER_AGENT, "")[:500]
    return agent if agent.isascii() else agent.encode(errors="replace").decode()  # bytes that are no UTF-8


def _address_of(request: web.Request) -> str | None:
    """Without the zone of a link-local address, which PostgreSQL's inet does not know."""
    return (request.remote or "").partition("%")[0] or None
