"""Sessions: the worker's HTTP clients. Each new connection is checked against the address that it really goes to.

The check is made where the socket is made, after name resolution: literals, redirects and names that resolve
differently the second time all go through it. There are two clients, because a kept connection may be dead when it is
used again. Methods that may be repeated use kept connections (0.11 instead of 0.33 ms of CPU for a request, and no
flood of TIME_WAIT ports at 1,000 requests/s to one server) and get a second try on a new one; POST and PATCH always
open a new one. Jobs share nothing else but answers of name servers: no cookies, no proxy from the environment.
"""

import asyncio
import functools
import socket
import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack
from contextvars import ContextVar
from types import SimpleNamespace, TracebackType
from typing import Final, Self

from aiohttp import (
    AddrInfoType,
    ClientConnectionResetError,
    ClientOSError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    ServerDisconnectedError,
    TCPConnector,
    TraceConfig,
    TraceConnectionReuseconnParams,
)
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from foliot.worker.executors.http.addresses import Network, is_allowed
from foliot.worker.executors.http.bounded import BoundedHandler
from foliot.worker.executors.http.encodings import ACCEPTED
from foliot.worker.executors.http.resolver import Resolver

CONNECT_SECONDS: Final = 10.0
"""Seconds for a TCP connection: a server that takes longer is treated as away, however long the attempt may take."""
KEEPALIVE_SECONDS: Final = 3.0
"""Seconds that an idle connection is kept: less than the 5 s after which common servers hang up."""
_BUFFER: Final = 16 * 1024
"""Bytes of a body that aiohttp buffers. It parses a 16th as many chunks in one step of the event loop: with its own
256 KB, chunks of one byte take 40 ms a step."""
_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
"""Methods that may be sent twice (RFC 9110, idempotent)."""

_refused: ContextVar[list[str]] = ContextVar("refused addresses of the request under way")


class RefusedTargetError(Exception):
    """Jobs may not reach the target; the message names it and the operator's remedy."""


class Sessions:
    """Async context manager; `send` may be called from any number of tasks."""

    def __init__(
        self,
        *,
        allow_networks: Sequence[Network] = (),
        tls: ssl.SSLContext | None = None,
        name_servers: Sequence[str] = (),
    ) -> None:
        self._allow_networks = tuple(allow_networks)
        self._tls = tls
        self._name_servers = name_servers
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        resolver = Resolver(self._name_servers)
        self._stack.push_async_callback(resolver.close)
        self._fresh = await self._stack.enter_async_context(self._session(resolver, keep=False))
        self._kept = await self._stack.enter_async_context(self._session(resolver, keep=True))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def send(self, method: str, url: URL, headers: dict[str, str], body: bytes | None) -> ClientResponse:
        """Send one request; return the answer as soon as its headers have come. The caller closes it.

        Raises `RefusedTargetError`, and aiohttp.ClientError or OSError for errors of the network.
        """
        if method not in _REPEATABLE:
            return await self._guarded(self._fresh, method, url, headers, body, SimpleNamespace())
        use = SimpleNamespace(reused=False)
        try:
            return await self._guarded(self._kept, method, url, headers, body, use)
        except (ServerDisconnectedError, ClientOSError, ClientConnectionResetError):
            if not use.reused:
                raise
            return await self._guarded(self._fresh, method, url, headers, body, SimpleNamespace())

    async def _guarded(
        self,
        session: ClientSession,
        method: str,
        url: URL,
        headers: dict[str, str],
        body: bytes | None,
        use: SimpleNamespace,
    ) -> ClientResponse:
        refused: list[str] = []
        token = _refused.set(refused)
        try:
            return await session.request(
                method, url, headers=headers, data=body, allow_redirects=False, trace_request_ctx=use
            )
        except OSError as error:
            if not refused:
                raise
            raise RefusedTargetError(
                f"{url.host} leads to {', '.join(dict.fromkeys(refused))}, which jobs may not reach; "
                "the operator can allow its network in FOLIOT_WORKER_HTTP_ALLOW_NETWORKS"
            ) from error
        finally:
            _refused.reset(token)

    def _session(self, resolver: Resolver, *, keep: bool) -> ClientSession:
        connector = TCPConnector(
            limit=0,  # the worker's slots are the limit
            resolver=resolver,
            use_dns_cache=False,
            socket_factory=self._socket,
            ssl=self._tls or True,
            force_close=not keep,
            keepalive_timeout=KEEPALIVE_SECONDS if keep else None,
        )
        connector._factory = functools.partial(_protocol, asyncio.get_running_loop())
        session = ClientSession(
            connector=connector,
            headers={"Accept-Encoding": ACCEPTED},
            auto_decompress=False,
            read_bufsize=_BUFFER,
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            max_line_size=16_384,
            max_field_size=32_768,
            trust_env=False,
            skip_auto_headers=["Content-Type"],
            trace_configs=[_reuse_noted()] if keep else None,
        )
        # aiohttp would send again when a server hangs up, even a new connection; one attempt is one request
        session._retry_connection = False
        return session

    def _socket(self, info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        host = str(address[0])
        if family not in (socket.AF_INET, socket.AF_INET6) or not is_allowed(host, self._allow_networks):
            _refused.get().append(host)
            raise ConnectionRefusedError(f"{host} is not allowed")
        return socket.socket(family, kind, protocol)


def _protocol(loop: asyncio.AbstractEventLoop) -> ResponseHandler:
    return BoundedHandler(loop)


def _reuse_noted() -> TraceConfig:
    async def note(_session: ClientSession, context: SimpleNamespace, _params: TraceConnectionReuseconnParams) -> None:
        context.trace_request_ctx.reused = True

    config = TraceConfig()
    config.on_connection_reuseconn.append(note)
    return config
