"""Around every request: its id, its principal, its metrics, and its errors as problems."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from multidict import istr

from foliot.api import events, metrics
from foliot.api.web.auth import Keys
from foliot.api.web.callers import let_in
from foliot.api.web.problems import problem, problem_of
from foliot.common.errors import FoliotError, Unavailable
from foliot.common.model.tracing import trace_id, valid_traceparent
from foliot.common.process.logs.bound import bind

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_PUBLIC = ("/healthz", "/readyz", "/metrics")
"""Paths without a key: health checks and Prometheus."""
_X_REQUEST_ID, _TRACEPARENT = istr("X-Request-Id"), istr("traceparent")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:\-]{1,128}")
"""Request ids that are taken from a caller: they go into log lines as they are."""
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}
_DETAILS = {
    404: "there is no such path",
    405: "this path does not know this method",
    413: "the body is larger than 1 MiB",
}
_log = structlog.get_logger()


def around(keys: Keys) -> Middleware:
    in_flight = 0
    metrics.IN_FLIGHT.set_function(lambda: in_flight)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal in_flight
        started = time.perf_counter()
        request_id = _request_id(request)
        traceparent = valid_traceparent(request.headers.get(_TRACEPARENT))
        bind(request_id=request_id, trace_id=trace_id(traceparent))  # each request is a task of its own
        in_flight += 1
        try:
            if request.path not in _PUBLIC:
                principal = await keys.principal(request.headers.get(hdrs.AUTHORIZATION))
                let_in(request, principal, request_id, traceparent)
            response = await handler(request)
        except Exception as error:
            response = _answer(error, request, request_id)
        finally:
            in_flight -= 1
        response.headers[_X_REQUEST_ID] = request_id
        _count(request, response.status, time.perf_counter() - started)
        return response

    return middleware


def _count(request: web.Request, status: int, seconds: float) -> None:
    route = request.match_info.route.resource
    name = route.canonical if route else "unknown"
    method = request.method if request.method in hdrs.METH_ALL else "other"  # or callers could make series
    metrics.requests(method, name, status).inc()
    metrics.duration(method, name).observe(seconds)


def _answer(error: Exception, request: web.Request, request_id: str) -> web.StreamResponse:
    if isinstance(error, Unavailable):
        _log.warning(events.DEPENDENCY_AWAY, method=request.method, path=request.path, error=error)
    if isinstance(error, FoliotError):
        return problem_of(error, request_id)
    if isinstance(error, web.HTTPException):
        detail = _DETAILS.get(error.status, error.reason)
        return problem(error.status, _HTTP_CODES.get(error.status, "http"), detail, request_id)
    _log.error(events.REQUEST_FAILED, method=request.method, path=request.path, exc_info=error)
    return problem(500, "internal", "this is a bug of Foliot; the log line with this request_id tells more", request_id)


def _request_id(request: web.Request) -> str:
    given = request.headers.get(_X_REQUEST_ID)
    return given if given and _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"  # not a secret
