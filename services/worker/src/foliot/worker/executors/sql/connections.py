"""A few connections to one data source, used by one job at a time and cleaned between two.

A new connection each job costs 13 ms of CPU (4 here, 9 on the server: SCRAM, a new backend), a kept one 0.7 ms with
DISCARD ALL, which resets settings, roles, locks, cursors, listeners and temporary tables. What it cannot reset
(dblink connections, globals of procedural languages) needs extensions; a source that has them sets `max_uses` to 1.
A connection whose job was cancelled or lost it is not used again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg

from foliot.worker.executors.datasources import Datasource
from foliot.worker.executors.sql.bounded import BoundedProtocol

CONNECT_SECONDS: Final = 5.0
COMMAND_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 3.0
IDLE_SECONDS: Final = 30.0

FAILURES: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What a statement, its connection and the network may raise."""

NO_VALUE: Final = (ValueError, ArithmeticError)
"""What a conversion raises: a parameter that does not fit, a time beyond the year 9999, text in no encoding."""

_LONGEST_MILLISECONDS: Final = 2**31 - 1
_DIED: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
)
_CLIENT_CHECK: Final = 14
"""First version of PostgreSQL whose backends notice during a query that their client is gone."""


class Kept:
    """An open connection, how often it was used, and when it goes if nobody uses it."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.connection = connection
        inside: Any = connection  # asyncpg has no public place where a row's size is known before it is whole
        self.bound = BoundedProtocol(inside._protocol, inside._transport)
        inside._transport.set_protocol(self.bound)
        self.uses = 0
        self.expiry: asyncio.TimerHandle | None = None


class Connections:
    """At most `max_connections` at a time; who finds none free waits."""

    def __init__(self, source: Datasource) -> None:
        self._source = source
        self._slots = asyncio.Semaphore(source.max_connections)
        self._idle: deque[Kept] = deque()
        self._closing: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def transaction(self, statement_seconds: float) -> AsyncIterator[Kept]:
        """Open a transaction: READ ONLY and rolled back, unless the source says otherwise and the body succeeds.

        Raises what asyncpg and the network raise. Whatever leaves it, nothing of the job goes on here, and the
        server has been told to stop, or the connection is cut after 3 s.
        """
        async with self._slots:
            kept = await self._begun(statement_seconds)
            try:
                yield kept
                # PostgreSQL before 16 lets a READ ONLY transaction make large objects: undo them
                end = "ROLLBACK" if self._source.read_only else "COMMIT"
                await kept.connection.execute(end, timeout=COMMAND_SECONDS)
            except (asyncpg.PostgresError, *NO_VALUE):  # the statement's fault: the connection is as good as before
                await self._keep(kept, "ROLLBACK")
                raise
            except BaseException:
                await _close(kept.connection)
                raise
            await self._keep(kept)

    async def close(self) -> None:
        """Close what is idle; jobs have ended before."""
        for kept in list(self._idle):
            self._expire(kept)
        if self._closing:
            await asyncio.wait(self._closing)

    async def _begun(self, statement_seconds: float) -> Kept:
        while self._idle:
            kept = self._idle.pop()
            if kept.expiry is not None:
                kept.expiry.cancel()
            try:
                await self._begin(kept, statement_seconds)
            except _DIED:
                kept.connection.terminate()  # it died while nobody used it: the job has seen nothing of it
            except BaseException:
                kept.connection.terminate()
                raise
            else:
                return kept
        kept = Kept(await self._connected())
        try:
            await self._begin(kept, statement_seconds)
        except BaseException:
            kept.connection.terminate()
            raise
        return kept

    async def _connected(self) -> asyncpg.Connection[asyncpg.Record]:
        return await asyncpg.connect(
            self._source.url,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            statement_cache_size=0,  # DISCARD ALL forgets statements behind asyncpg's back
            server_settings={"application_name": "foliot-worker"},
        )

    async def _begin(self, kept: Kept, statement_seconds: float) -> None:
        commands = [
            f"BEGIN {'READ ONLY' if self._source.read_only else 'READ WRITE'}",
            f"SET LOCAL statement_timeout = {min(int(statement_seconds * 1000), _LONGEST_MILLISECONDS)}",
            f"SET LOCAL idle_in_transaction_session_timeout = {int(IDLE_SECONDS * 1000)}",
        ]
        if kept.connection.get_server_version().major >= _CLIENT_CHECK:
            commands.append("SET LOCAL client_connection_check_interval = 1000")
        kept.uses += 1
        await kept.connection.execute("; ".join(commands), timeout=COMMAND_SECONDS)

    async def _keep(self, kept: Kept, *commands: str) -> None:
        if kept.uses >= self._source.max_uses:
            await _close(kept.connection)
            return
        try:
            for command in (*commands, "DISCARD ALL"):
                await kept.connection.execute(command, timeout=COMMAND_SECONDS)
        except FAILURES:
            await _close(kept.connection)
            return
        except BaseException:
            await _close(kept.connection)
            raise
        kept.expiry = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._expire, kept)
        self._idle.append(kept)

    def _expire(self, kept: Kept) -> None:
        if kept.expiry is not None:
            kept.expiry.cancel()
        self._idle.remove(kept)
        task = asyncio.get_running_loop().create_task(_close(kept.connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _close(connection: asyncpg.Connection[Any]) -> None:
    """Close in order, which waits until a cancelled query has ended on the server; at once on a second cancel."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await connection.close(timeout=CLOSE_SECONDS)
    except (Exception, asyncio.CancelledError):
        connection.terminate()
