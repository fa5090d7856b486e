"""Connections to one data source: a few, each used by one job at a time and cleaned between two jobs.

A new connection for each job costs 13 ms of CPU (4 here, 9 on the server: SCRAM, a new backend), a pooled one 0.7 ms
with DISCARD ALL, which resets settings, roles, locks, cursors, listeners and temporary tables. It cannot reset dblink
connections and globals of procedural languages; a source with such extensions sets `max_uses` to 1. A connection that
was lost, or whose job was cancelled, is not used again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import asyncpg

from foliot.worker.executors.datasources import Datasource
from foliot.worker.executors.sql.bounded import BoundedProtocol
from foliot.worker.executors.sql.shares import Shares
from foliot.worker.executors.sql.text_connection import TextConnection

CONNECT_SECONDS: Final = 5.0
"""Seconds for a new connection."""
COMMAND_SECONDS: Final = 5.0
"""Seconds for each command around the job's statement: BEGIN, the end of the transaction, DISCARD ALL."""
CLOSE_SECONDS: Final = 3.0
"""Seconds in which a cancelled query must end on the server; after them the connection is cut."""
IDLE_SECONDS: Final = 30.0
"""Seconds after which an unused connection is closed, and after which the server ends an idle transaction."""

FAILURES: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""Errors of a statement, of its connection and of the network."""

NO_VALUE: Final = (ValueError, ArithmeticError)
"""Errors of a conversion: a parameter that does not fit, text in no encoding."""

OnNotice = Callable[[Any, asyncpg.PostgresLogMessage], None]
"""Called with a connection and with what the server says beside its answer: NOTICE, WARNING, INFO."""

_LONGEST_MILLISECONDS: Final = 2**31 - 1
"""Milliseconds of the longest statement_timeout that PostgreSQL takes."""
_DIED: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
)
"""Errors of a connection that died while it was idle."""
_STYLES: Final = ("SET datestyle = 'ISO'", "SET intervalstyle = 'iso_8601'")
"""The forms of dates and intervals, in a source that is only read. Where a statement may write, its own casts to text
follow the same settings, and what it stores must not depend on how Foliot shows values."""
_CLIENT_CHECK: Final = 14
"""First version of PostgreSQL whose backends notice during a query that their client is gone."""


class PooledConnection:
    """An open connection with its bound, the number of its uses, and the timer that closes it while it is idle."""

    def __init__(self, connection: TextConnection) -> None:
        self.connection = connection
        inside: Any = connection  # asyncpg has no public place where a row's size is known before it is whole
        self.bound = BoundedProtocol(inside._protocol, inside._transport)
        inside._transport.set_protocol(self.bound)
        self.uses = 0
        self.expiry: asyncio.TimerHandle | None = None


class Connections:
    """A pool of at most `max_connections`, which tenants share; a job that finds none free waits."""

    def __init__(self, source: Datasource) -> None:
        self._source = source
        self._shares = Shares(source.max_connections)
        self._idle: deque[PooledConnection] = deque()
        self._closing: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def ready(
        self, tenant: str, statement_seconds: float, on_notice: OnNotice
    ) -> AsyncIterator[PooledConnection]:
        """Give a connection on which one statement may run: in a transaction that is READ ONLY and rolled back, unless
        the source says otherwise and the body succeeds.

        Raises FAILURES and NO_VALUE. However it is left, nothing of the job goes on here: the server was asked to stop,
        or the connection is cut after 3 s.
        """
        async with self._shares.slot(tenant):
            pooled = await self._begun(statement_seconds)
            pooled.connection.add_log_listener(on_notice)
            try:
                yield pooled
                await self._end(pooled.connection)
            except (asyncpg.PostgresError, *NO_VALUE):  # the statement's fault: the connection is as good as before
                pooled.connection.remove_log_listener(on_notice)
                await self._keep(pooled, *(("ROLLBACK",) if self._source.transaction else ()))
                raise
            except BaseException:
                await _close(pooled.connection)
                raise
            pooled.connection.remove_log_listener(on_notice)
            await self._keep(pooled)

    async def close(self) -> None:
        """Close the idle connections. All jobs have ended before."""
        for pooled in list(self._idle):
            self._expire(pooled)
        if self._closing:
            await asyncio.wait(self._closing)

    async def _begun(self, statement_seconds: float) -> PooledConnection:
        while self._idle:
            pooled = self._idle.pop()
            if pooled.expiry is not None:
                pooled.expiry.cancel()
            try:
                await self._begin(pooled, statement_seconds)
            except _DIED:
                pooled.connection.terminate()  # it died while it was idle: nothing of the job was sent over it
            except BaseException:
                pooled.connection.terminate()
                raise
            else:
                return pooled
        pooled = PooledConnection(await self._connected())
        try:
            await self._begin(pooled, statement_seconds)
        except BaseException:
            pooled.connection.terminate()
            raise
        return pooled

    async def _connected(self) -> TextConnection:
        connection = await asyncpg.connect(
            self._source.url,
            connection_class=TextConnection,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            statement_cache_size=0,  # DISCARD ALL forgets statements behind asyncpg's back
            server_settings={"application_name": "foliot-worker"},
        )
        connection.speak_text()
        return connection

    async def _begin(self, pooled: PooledConnection, statement_seconds: float) -> None:
        settings = {
            "statement_timeout": min(int(statement_seconds * 1000), _LONGEST_MILLISECONDS),
            "idle_in_transaction_session_timeout": int(IDLE_SECONDS * 1000),
        }
        if pooled.connection.get_server_version().major >= _CLIENT_CHECK:
            settings["client_connection_check_interval"] = 1000
        commands = [f"SET {name} = {value}" for name, value in settings.items()]
        if self._source.read_only:
            commands += _STYLES
        if self._source.transaction:
            begin = f"BEGIN {'READ ONLY' if self._source.read_only else 'READ WRITE'}"
            commands = [begin, *(command.replace("SET ", "SET LOCAL ") for command in commands)]
        pooled.uses += 1
        await pooled.connection.execute("; ".join(commands), timeout=COMMAND_SECONDS)

    async def _end(self, connection: TextConnection) -> None:
        if self._source.transaction:
            # PostgreSQL before 16 lets a READ ONLY transaction make large objects: undo them
            end = "ROLLBACK" if self._source.read_only else "COMMIT"
            await connection.execute(end, timeout=COMMAND_SECONDS)

    async def _keep(self, pooled: PooledConnection, *commands: str) -> None:
        if pooled.uses >= self._source.max_uses:
            await _close(pooled.connection)
            return
        try:
            for command in (*commands, "DISCARD ALL"):
                await pooled.connection.execute(command, timeout=COMMAND_SECONDS)
        except FAILURES:
            await _close(pooled.connection)
            return
        except BaseException:
            await _close(pooled.connection)
            raise
        pooled.expiry = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._expire, pooled)
        self._idle.append(pooled)

    def _expire(self, pooled: PooledConnection) -> None:
        if pooled.expiry is not None:
            pooled.expiry.cancel()
        self._idle.remove(pooled)
        task = asyncio.get_running_loop().create_task(_close(pooled.connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _close(connection: asyncpg.Connection[Any]) -> None:
    """Close in order, which waits until a cancelled query has ended on the server. A second cancel closes at once."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await connection.close(timeout=CLOSE_SECONDS)
    except (Exception, asyncio.CancelledError):
        connection.terminate()
