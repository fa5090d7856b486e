"""Connections to ZooKeeper. The only module that calls aiozk.

aiozk's recipes split the brain and its repaired sessions cannot be trusted. So one client is one host, one TCP
connection and one candidacy: on any doubt `Disconnected` is raised and the whole client is thrown away.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

import aiozk
import msgspec
from aiozk import exc

from foliot.common.bounded import done_within

_Result = TypeVar("_Result")


class Disconnected(Exception):
    """Nothing is known any more of what ZooKeeper thinks of this client."""


class Node(msgspec.Struct, frozen=True):
    """A node as the server showed it."""

    data: bytes
    czxid: int
    version: int
    owner: int


async def guard(awaitable: Awaitable[_Result], timeout: float) -> _Result:
    """The result of an aiozk call. Raises Disconnected on silence and on every doubt; NoNode and NodeExists pass
    through."""
    call = await done_within(awaitable, max(0.001, timeout))
    if call is None:
        raise Disconnected(f"no answer within {timeout:.1f} s")
    if call.cancelled():
        raise Disconnected("the client cancelled the call")
    error = call.exception()
    if error is None:
        return call.result()
    if isinstance(error, exc.NoNode | exc.NodeExists):
        raise error
    raise Disconnected(repr(error)) from error


class Client:
    """One client on one TCP connection. Every call raises Disconnected when the connection or the session is in
    doubt."""

    def __init__(self, zk: aiozk.ZKClient) -> None:
        self._zk = zk
        self.session_timeout: float = zk.session.timeout
        self.session_id: int = zk.session.session_id
        self._call_timeout = self.session_timeout / 3
        self._reader: asyncio.Future[None] = zk.session.conn.read_loop_task

    def check(self) -> None:
        """Raises Disconnected unless this is still the connection and session it began with."""
        if self._reader.done():
            raise Disconnected("the connection is gone")
        if self._zk.session.session_id != self.session_id:
            raise Disconnected("the session is another one")

    async def gone(self) -> None:
        """Returns when the connection is gone: the only prompt sign of a FIN or RST."""
        await asyncio.wait({self._reader})

    async def ensure_path(self, path: str) -> None:
        await self._call(self._zk.ensure_path(path))

    async def create(self, path: str, data: bytes, *, ephemeral: bool = False) -> None:
        """An existing node is no error: who owns it tells whose it is."""
        with contextlib.suppress(exc.NodeExists):
            await self._call(self._zk.create(path, data=data, ephemeral=ephemeral))

    async def get(self, path: str) -> Node | None:
        try:
            data, stat = await self._call(self._zk.get(path))
        except exc.NoNode:
            return None
        return Node(bytes(data or b""), stat.created_zxid, stat.version, stat.ephemeral_owner)

    async def touch(self, path: str, data: bytes, timeout: float) -> int | None:
        """Renew by a write, which only a server with a quorum answers; gives the node's czxid, None if it is gone."""
        try:
            stat = await self._call(self._zk.set(path, data, -1), timeout)
        except exc.NoNode:
            return None
        return int(stat.created_zxid)

    async def delete(self, path: str, version: int) -> None:
        """Delete exactly that version; anything else there stays."""
        transaction = self._zk.begin_transaction()
        transaction.check_version(path, version)
        transaction.delete(path, version)
        with contextlib.suppress(exc.NoNode):
            await self._call(transaction.commit())

    async def children_changed(self, path: str) -> asyncio.Future[None]:
        """A future that is done when a child of `path` comes or goes."""
        changed: asyncio.Future[None] = self._zk.wait_for_events([aiozk.WatchEvent.CHILDREN_CHANGED], path)
        await self._call(self._zk.get_children(path, watch=True))
        return changed

    async def _call(self, awaitable: Awaitable[_Result], timeout: float | None = None) -> _Result:
        self.check()
        return await guard(awaitable, timeout or self._call_timeout)


@contextlib.asynccontextmanager
async def connect(hosts: str, session_timeout: float) -> AsyncIterator[Client]:
    """A client on one host of `hosts` (host:port, comma-separated), thrown away at the end. Raises Disconnected."""
    host = random.choice(hosts.split(",")).strip()  # noqa: S311
    zk = aiozk.ZKClient(
        host,
        session_timeout=session_timeout,
        read_timeout=session_timeout / 3,
        retry_policy=aiozk.RetryPolicy.n_times(1),
    )
    try:
        await guard(zk.start(), min(2.0, session_timeout / 2))
        yield Client(zk)
    finally:
        if _is_open(zk):
            with contextlib.suppress(Disconnected, exc.ZKError):
                await guard(zk.close(), 0.5)
        _tear_down(zk)


def _is_open(zk: aiozk.ZKClient) -> bool:
    """Whether a graceful close can reach the server."""
    reader = getattr(zk.session.conn, "read_loop_task", None)
    return reader is not None and not reader.done()


def _tear_down(zk: aiozk.ZKClient) -> None:
    """aiozk's close waits for a server that is away and leaves tasks and socket; end them by hand."""
    session = zk.session
    session.closing = True
    connection = session.conn
    for task in (
        session.repair_loop_task,
        session.heartbeat_task,
        getattr(connection, "read_loop_task", None),
    ):
        if task is not None:
            task.cancel()
    if session.heartbeat_handle is not None:
        session.heartbeat_handle.cancel()
    if connection is not None and connection.writer is not None:
        connection.writer.transport.abort()
