"""HTTP connections with bounds: nobody holds one, or the bytes of an answer, for longer than it takes to be served.

aiohttp alone bounds only idle connections, answers by itself what it cannot parse, and logs the bytes of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler, RequestPayloadError

from foliot.common.clock import Clock
from foliot.common.process import events

Refusal = Callable[[int, BaseException | None], web.Response]
"""The answer to what never became a request, from a status and the error."""
_OF_THE_CLIENT = (RequestPayloadError, HttpProcessingError, web.HTTPException, ConnectionError)
"""Errors that a client causes; their texts hold bytes that it sent, keys among them."""
_log = structlog.get_logger()


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that a client has: for the head of a request, for its body, and to take its answer; `idle`: between two
    requests. All connections are looked at every `look_every` seconds, so that a request costs no timer."""

    head: float = 10.0
    body: float = 30.0
    write: float = 30.0
    idle: float = 75.0
    look_every: float = 1.0


def refuse_plainly(status: int, _error: BaseException | None) -> web.Response:
    return web.Response(status=status, text=HTTPStatus(status).phrase)


class Connections:
    """The open connections of one server, watched."""

    def __init__(self, server: web.Server, clock: Clock, refuse: Refusal, bounds: Bounds) -> None:
        self._server = server
        self._clock = clock
        self._refuse = refuse
        self._bounds = bounds
        self._open: set[Connection] = set()

    def connection(self) -> Connection:
        """One for each client that connects."""
        return Connection(self._server, self._open, self._refuse, self._bounds.idle)

    async def watch(self) -> None:
        """End what takes too long, for ever."""
        while True:
            await self._clock.sleep(self._bounds.look_every)
            now = self._clock.elapsed()
            for connection in list(self._open):
                connection.look(now, self._bounds)


class Connection(RequestHandler):
    """One connection. What is no request gets the answer of `refuse`; no line of the log holds a byte of it."""

    __slots__ = ("_half_head", "_open", "_phase", "_refuse", "_since", "_socket")

    def __init__(self, server: web.Server, opened: set[Connection], refuse: Refusal, idle: float) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), access_log=None, keepalive_timeout=idle)  # type: ignore[arg-type]
        self._open = opened
        self._refuse = refuse
        self._socket: asyncio.Transport | None = None
        self._half_head = True
        self._phase: tuple[str, int] | None = None
        self._since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._socket = self.transport
        self._open.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._open.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        waits = self._waiter is not None
        super().data_received(data)
        messages = self._messages
        self._half_head = waits and not messages
        if messages and not waits and isinstance(getattr(messages[-1][0], "exc", None), HttpProcessingError):
            self._end_body()

    def _end_body(self) -> None:
        """A body that cannot be parsed ends for its reader too, which would wait for the rest of it."""
        request = self._current_request
        if request is not None and not request.content.is_eof():
            self._messages.pop()
            request.content.set_exception(web.HTTPBadRequest(reason="the chunks of the body are malformed"))
            self.close()

    def look(self, now: float, bounds: Bounds) -> None:
        """Called again and again; ends a phase of the connection that has become too old."""
        phase = self._phase_now()
        if phase != self._phase:
            self._phase, self._since = phase, now
        elif phase is not None and now - self._since >= getattr(bounds, phase[0]):
            self._end(phase[0])

    def _phase_now(self) -> tuple[str, int] | None:
        """(The bound that holds, the request that it is about); None: the server itself is at work, or idle."""
        assert self._socket is not None
        if self._socket.get_write_buffer_size():
            return "write", self._request_count
        if self._current_request is None:
            return ("head", self._request_count) if self._half_head else None
        return None if self._current_request.content.is_eof() else ("body", self._request_count)

    def _end(self, phase: str) -> None:
        if phase == "body" and self._current_request is not None:
            self._current_request.content.set_exception(web.HTTPRequestTimeout())
            self.close()
        elif self._socket is not None:
            self._socket.abort()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, _message: str | None = None
    ) -> web.StreamResponse:
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun")
        return self._refused(status, exc)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        if isinstance(resp, web.HTTPException):  # raised before the middleware: an Expect that nobody can meet
            resp = self._refused(resp.status, resp)
        return await super().finish_response(request, resp, start_time)

    def _refused(self, status: int, error: BaseException | None) -> web.Response:
        response = self._refuse(status, error)
        response.force_close()
        return response

    def log_exception(self, *_args: Any, exc_info: Any = None, **_kw: Any) -> None:
        """In place of aiohttp's own lines, which show what a client sent."""
        if not isinstance(exc_info, _OF_THE_CLIENT):
            _log.error(events.CONNECTION_FAILED, error=type(exc_info).__name__)
