"""Connections to ZooKeeper. The only module that calls aiozk.

aiozk's recipes can make two leaders, and the sessions that it repairs cannot be trusted. So one client is one host, one
TCP connection and one candidacy. On any doubt it raises Disconnected, and the whole client is thrown away.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import aiozk
import msgspec
from aiozk import exc, protocol

from foliot.common.bounded import done_within
from foliot.scheduler.access import Entry, entries, identity

CALLS_PER_SESSION = 3
"""Calls that may go unanswered within one session timeout: each call has an equal share of it to be answered."""
START_TIMEOUT = 2.0
"""Most seconds to connect and open a session, half the session timeout if that is less. Another host is tried next."""
CLOSE_TIMEOUT = 0.5
"""Seconds for a graceful close, which frees the node at once; otherwise the session expires."""
_CONTAINER, _WITH_TIME_TO_LIVE = -(2**63), 0xFF
"""Marks in the place of an owner, the second one in its first byte."""
_Result = TypeVar("_Result")


class Disconnected(Exception):
    """The connection or the session is in doubt, so nothing is known of what ZooKeeper thinks of this client."""


class Refused(Disconnected):
    """ZooKeeper refuses this client: the nodes belong to another password."""


class Node(msgspec.Struct, frozen=True):
    """A node as the server showed it. `czxid` names its creation, `owner` is the session of an ephemeral node."""

    czxid: int
    version: int
    owner: int

    @property
    def is_ephemeral(self) -> bool:
        """False if it lives on without a session: persistent (owner 0), a container or one with a time to live."""
        return self.owner not in (0, _CONTAINER) and self.owner >> 56 & 0xFF != _WITH_TIME_TO_LIVE


async def guard(awaitable: Awaitable[_Result], timeout: float) -> _Result:
    """The result of an aiozk call. Raises Disconnected after `timeout` seconds of silence and on every doubt; NoNode,
    NodeExists and BadVersion pass through."""
    call = await done_within(awaitable, max(0.001, timeout))
    if call is None:
        raise Disconnected(f"no answer within {timeout:.1f} s")
    if call.cancelled():
        raise Disconnected("the client cancelled the call")
    error = call.exception()
    if error is None:
        return call.result()
    if isinstance(error, exc.NoNode | exc.NodeExists | exc.BadVersion):
        raise error
    if isinstance(error, exc.NoAuth):
        raise Refused("ZooKeeper refuses the password of this scheduler") from error
    raise Disconnected(repr(error)) from error


class Client:
    """One client on one TCP connection. Every call raises Disconnected when the connection or the session is in
    doubt."""

    def __init__(self, zk: aiozk.ZKClient, *, protects: bool = False) -> None:
        """`protects`: its nodes belong to a password."""
        self._zk = zk
        self._protects = protects
        self.session_timeout: float = zk.session.timeout
        self.session_id: int = zk.session.session_id
        self._call_timeout = self.session_timeout / CALLS_PER_SESSION
        self._reader: asyncio.Future[None] = zk.session.conn.read_loop_task

    def check(self) -> None:
        """Raise Disconnected unless the connection and the session are still those that the client began with."""
        if self._reader.done():
            raise Disconnected("the connection is gone")
        if self._zk.session.session_id != self.session_id:
            raise Disconnected("the session is another one")

    async def gone(self) -> None:
        """Wait until the connection is gone. This is the only prompt sign of a FIN or RST."""
        await asyncio.wait({self._reader})

    async def ensure_path(self, path: str) -> None:
        """Create a node and those above it unless they exist."""
        await self._call(self._zk.ensure_path, path)

    async def create(self, path: str, data: bytes, *, ephemeral: bool = False) -> None:
        """Create a node unless it exists. The caller reads its owner to see whose it is."""
        with contextlib.suppress(exc.NodeExists):
            await self._call(self._zk.create, path, data=data, ephemeral=ephemeral)

    async def get(self, path: str) -> Node | None:
        """The node, None if there is none. Nobody can forbid this look, as an ACL can forbid to read the data."""
        try:
            stat = (await self._call(self._zk.send, protocol.ExistsRequest(path=path, watch=False))).stat
        except exc.NoNode:
            return None
        return Node(stat.created_zxid, stat.version, stat.ephemeral_owner)

    async def read(self, path: str) -> bytes | None:
        """The data of a node, None if there is none."""
        try:
            data, _ = await self._call(self._zk.get, path)
        except exc.NoNode:
            return None
        return bytes(data or b"")

    async def protect(self, path: str) -> None:
        """Give a node that is already there the access of this client's nodes, if it has a password."""
        wanted = self._zk.default_acl
        if self._protects and _pairs(await self._call(self._zk.get_acl, path)) != _pairs(wanted):
            await self._call(self._zk.set_acl, path, wanted, force=True)

    async def touch(self, path: str, data: bytes) -> int | None:
        """Renew a node by a write, which only a server with a quorum answers. Gives its czxid, None if it is gone."""
        try:
            stat = await self._call(self._zk.set, path, data, -1)
        except exc.NoNode:
            return None
        return int(stat.created_zxid)

    async def delete(self, path: str, version: int) -> None:
        """Delete that version of a node. Any other version stays."""
        with contextlib.suppress(exc.NoNode, exc.BadVersion):
            await self._call(self._zk.send, protocol.DeleteRequest(path=path, version=version))

    async def children_changed(self, path: str) -> asyncio.Future[None]:
        """A future that is done when a child of `path` appears or disappears."""
        changed: asyncio.Future[None] = self._zk.wait_for_events([aiozk.WatchEvent.CHILDREN_CHANGED], path)
        await self._call(self._zk.get_children, path, watch=True)
        return changed

    async def _call(self, call: Callable[..., Awaitable[_Result]], *args: Any, **options: Any) -> _Result:
        self.check()
        return await guard(call(*args, **options), self._call_timeout)


@contextlib.asynccontextmanager
async def connect(hosts: str, session_timeout: float, password: str | None = None) -> AsyncIterator[Client]:
    """A client on one host of `hosts` (host:port, comma-separated), chosen by chance and thrown away at the end.

    `session_timeout`: seconds. With a password only clients that have it can change the nodes that this one makes.
    Raises Disconnected.
    """
    host = random.choice(hosts.split(",")).strip()  # noqa: S311
    zk = aiozk.ZKClient(
        host,
        session_timeout=session_timeout,
        read_timeout=session_timeout / CALLS_PER_SESSION,
        retry_policy=aiozk.RetryPolicy.n_times(1),
        default_acl=None if password is None else [_acl(entry) for entry in entries(password)],
    )
    try:
        await guard(zk.start(), min(START_TIMEOUT, session_timeout / 2))
        if password is not None:
            request = protocol.AuthRequest(type=0, scheme="digest", auth=identity(password))
            await guard(zk.send(request), session_timeout / CALLS_PER_SESSION)
        yield Client(zk, protects=password is not None)
    finally:
        if _is_open(zk):
            with contextlib.suppress(Disconnected, exc.ZKError):
                await guard(zk.close(), CLOSE_TIMEOUT)
        _tear_down(zk)


def _acl(entry: Entry) -> aiozk.ACL:
    acl = aiozk.ACL.make(scheme=entry.scheme, id=entry.id)
    acl.perms = entry.permissions
    return acl


def _pairs(acl: list[aiozk.ACL]) -> set[tuple[int, str, str]]:
    """An ACL in a form that can be compared."""
    return {(one.perms, one.id.scheme, one.id.id) for one in acl}


def _is_open(zk: aiozk.ZKClient) -> bool:
    """True if a graceful close can reach the server."""
    reader = getattr(zk.session.conn, "read_loop_task", None)
    return reader is not None and not reader.done()


def _tear_down(zk: aiozk.ZKClient) -> None:
    """End the client's tasks and socket by hand: aiozk's close waits for a server that is away, and leaves them."""
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
