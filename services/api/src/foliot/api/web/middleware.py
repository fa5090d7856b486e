"""Around every request: its id, its principal, its metrics, and its errors as problems."""

from __future__ import annotations

import time
import traceback
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from aiohttp.web_protocol import RequestPayloadError
from multidict import istr

from foliot.api import events, metrics
from foliot.api.web.auth import Keys
from foliot.api.web.callers import let_in
from foliot.api.web.problems import refused, refused_for
from foliot.api.web.request_ids import X_REQUEST_ID, request_id
from foliot.common.errors import FoliotError, Unavailable
from foliot.common.model.tracing import trace_id, valid_traceparent
from foliot.common.process.logs.bound import bind

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_WITH_KEY = "/v1/"
"""Beginning of the paths that need a key: not health checks, metrics and the reference."""
_TRACEPARENT = istr("traceparent")
_HTTP_CODES = {
    400: "malformed", 404: "not_found", 405: "method_not_allowed", 408: "too_slow", 413: "too_large",
    415: "unsupported_media_type",
}  # fmt: skip
_DETAILS = {
    404: "there is no such path: GET /docs/reference lists all that there are",
    408: "the body did not arrive in time",
    413: "the body is larger than 1 MiB, or than 32 MiB for POST /v1/jobs/bulk",
}
_log = structlog.get_logger()


def around(keys: Keys) -> Middleware:
    in_flight = 0
    metrics.IN_FLIGHT.set_function(lambda: in_flight)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal in_flight
        started = time.perf_counter()
        own_id = request_id(request.headers.get(X_REQUEST_ID))
        traceparent = valid_traceparent(request.headers.get(_TRACEPARENT))
        bind(request_id=own_id, trace_id=trace_id(traceparent))  # each request is a task of its own
        in_flight += 1
        try:
            if request.path.startswith(_WITH_KEY):
                principal = await keys.principal(request.headers.get(hdrs.AUTHORIZATION))
                let_in(request, principal, own_id, traceparent)
            response = await handler(request)
        except Exception as error:
            response = _answer(error, request, own_id)
        finally:
            in_flight -= 1
        response.headers[X_REQUEST_ID] = own_id
        _count(request, response.status, time.perf_counter() - started)
        return response

    return middleware


def _count(request: web.Request, status: int, seconds: float) -> None:
    name = _route(request)
    method = request.method if request.method in hdrs.METH_ALL else "other"  # or callers could make series
    metrics.requests(method, name, status).inc()
    metrics.duration(method, name).observe(seconds)


def _route(request: web.Request) -> str:
    """The path as it is declared: what a caller writes into one may be secret, and would make series without end."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


def _answer(error: Exception, request: web.Request, own_id: str) -> web.Response:
    if isinstance(error, Unavailable):
        _log.warning(events.DEPENDENCY_AWAY, method=request.method, path=_route(request), error=error)
    if isinstance(error, FoliotError):
        return refused_for(error, own_id)
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        detail = f"this path does not know {error.method}; it knows {allowed}"
        return refused("method_not_allowed", detail, own_id, headers={hdrs.ALLOW: allowed})
    if isinstance(error, web.HTTPException):
        detail = _DETAILS.get(error.status, error.reason)
        return refused(_HTTP_CODES.get(error.status, "malformed"), detail, own_id)
    if isinstance(error, RequestPayloadError):
        return refused("malformed", "the body is not what Content-Encoding or its length says", own_id)
    if isinstance(error, ConnectionError):  # the caller has hung up; servers that are away are Unavailable
        return refused("hung_up", "the body did not arrive whole", own_id)
    _log.error(events.REQUEST_FAILED, method=request.method, path=_route(request), error=_place(error))
    return refused("internal", "this is a bug of Foliot; the log line with this request_id tells more", own_id)


def _place(error: BaseException) -> str:
    """The traceback and the error's type. Its text is left out: it may hold what the caller sent."""
    return "".join(traceback.format_tb(error.__traceback__)) + type(error).__qualname__
