"""Connections to PostgreSQL: a bounded connection pool, named and timed statements, errors translated once.

Nothing here waits for ever: a connect, a wait for the connection pool and every statement have a timeout.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson

from foliot.common.errors import RolledBack, Unavailable
from foliot.common.ledger.faults import AWAY, ROLLED_BACK, why_away
from foliot.common.ledger.statements import Statement
from foliot.common.process import metrics

_ACQUIRE_TIMEOUT = 5.0
"""Seconds for a connect, and for a wait while all connections are in use: as long as the longest statement that may
hold one (statement_timeout of the roles is 5 s)."""
PATIENCE = 10.0
"""Seconds for a statement on the client's side: above the statement_timeout of the services' roles (5 s), so that it
only ends statements whose server or network no longer answers. The API, whose callers wait, has less."""
_RELEASE_TIMEOUT = 1.0
"""Seconds for a cancelled statement to end; then its connection is cut."""
_CLOSE_TIMEOUT = 2.0
"""Seconds for a polite close of all connections; then they are cut."""
_MAX_IDLE = 300
"""Seconds until an unused connection is closed: a burst leaves no connections behind for long."""


class Session:
    """One connection, while the caller holds it. Repositories read Structs; only this file and a few statements without
    a Struct handle raw records."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record]) -> None:
        self._connection = connection

    async def fetch(self, statement: Statement, *args: Any) -> list[asyncpg.Record]:
        started = time.perf_counter()
        try:
            return await self._connection.fetch(statement.sql, *args)
        finally:
            metrics.observe_query(statement.name, time.perf_counter() - started)

    async def read(self, statement: Statement, *args: Any) -> list[Any]:
        """The rows as the statement's Struct, by position, because by name costs twice as much. A test compares the
        fields with the statement's columns."""
        make = statement.row
        assert make is not None, statement.name
        return [make(*row) for row in await self.fetch(statement, *args)]

    async def read_one(self, statement: Statement, *args: Any) -> Any:
        """The first row as the statement's Struct, None if there is none."""
        rows = await self.read(statement, *args)
        return rows[0] if rows else None

    async def column(self, statement: Statement, *args: Any) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in await self.fetch(statement, *args)]

    async def value(self, statement: Statement, *args: Any) -> Any:
        """The first column of the first row, None if there is none."""
        rows = await self.fetch(statement, *args)
        return rows[0][0] if rows else None

    async def execute(self, statement: Statement, *args: Any) -> int:
        """Run a statement without result rows; returns the number of rows that it touched."""
        started = time.perf_counter()
        try:
            status: str = await self._connection.execute(statement.sql, *args)
        finally:
            metrics.observe_query(statement.name, time.perf_counter() - started)
        return int(status.rpartition(" ")[2] or 0) if status[-1:].isdigit() else 0


class Pool:
    """A bounded connection pool. It opens connections when they are needed, so that a service starts without its
    server."""

    def __init__(self, url: str, *, size: int, name: str, patience: float = PATIENCE) -> None:
        self._url = url
        self._size = size
        self._name = name
        self._patience = patience
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def __aenter__(self) -> Pool:
        pool = asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._size,
            timeout=min(_ACQUIRE_TIMEOUT, self._patience),
            command_timeout=self._patience,
            max_inactive_connection_lifetime=_MAX_IDLE,
            server_settings={"application_name": f"foliot-{self._name}", "timezone": "UTC"},
            init=_use_codecs,
            reset=_keep,
        )
        self._pool = await pool
        metrics.watch_pool(self._name, self)
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._pool is not None
        metrics.forget_pool(self._name)
        try:
            await _within(self._pool.close(), _CLOSE_TIMEOUT)
        except (TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            self._pool.terminate()

    def counts(self) -> tuple[int, int]:
        """Connections (active, idle)."""
        if self._pool is None:
            return 0, 0
        idle = self._pool.get_idle_size()
        return self._pool.get_size() - idle, idle

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A connection in autocommit. Raises Unavailable if the server is away, RolledBack after a deadlock."""
        try:
            async with self._acquired() as connection:
                yield Session(connection)
        except (*AWAY, ROLLED_BACK) as error:
            raise self._unavailable(error) from error

    @contextlib.asynccontextmanager
    async def transaction(self, *, snapshot: bool = False) -> AsyncIterator[Session]:
        """A connection inside one transaction, committed at the end. Raises Unavailable if the server is away; the
        outcome is then unknown, and the caller reads it by natural key. Raises RolledBack after a deadlock: nothing was
        done. `snapshot`: reads only, all of one instant."""
        options: dict[str, Any] = {"isolation": "repeatable_read", "readonly": True} if snapshot else {}
        try:
            async with self._acquired() as connection, connection.transaction(**options):
                yield Session(connection)
        except (*AWAY, ROLLED_BACK) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: BaseException) -> Unavailable:
        metrics.DB_UNAVAILABLE.labels(why_away(error)).inc()
        kind = RolledBack if isinstance(error, ROLLED_BACK) else Unavailable
        return kind(f"PostgreSQL ({self._name}): {type(error).__name__}: {error}")

    @contextlib.asynccontextmanager
    async def _acquired(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy[asyncpg.Record]]:
        """A connection of the pool. The timeout around `acquire` costs a timer; as its argument it would cost a
        task."""
        assert self._pool is not None
        async with asyncio.timeout(min(_ACQUIRE_TIMEOUT, self._patience)):
            connection = await self._pool.acquire()
        try:
            yield connection
        finally:
            await self._pool.release(connection, timeout=_RELEASE_TIMEOUT)


async def _within(awaitable: Any, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await awaitable


async def _keep(_connection: Any) -> None:
    """Reset nothing: no session here sets anything, and each transaction is ended by its own block."""


async def _use_codecs(connection: Any) -> None:
    """Read and write jsonb with orjson, and times as asyncpg does, in half the time."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
    )
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", format="binary", encoder=_encode_time, decoder=_decode_time
    )


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_INT64 = struct.Struct(">q")


def _encode_time(moment: datetime) -> bytes:
    since = moment - _EPOCH
    return _INT64.pack((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def _decode_time(data: bytes) -> datetime:
    """The time of microseconds since 2000. A value that datetime cannot hold, such as infinity, becomes its first or
    last time, without a zone, as in asyncpg: that one job fails at it, and the rest of its batch is read."""
    since = _INT64.unpack(data)[0]
    try:
        return _EPOCH + timedelta(0, 0, since)
    except OverflowError:
        return datetime.max if since > 0 else datetime.min  # noqa: DTZ901


def sparse(column: list[Any]) -> list[Any] | None:
    """The column, or null if it holds nothing but nulls, which asyncpg would encode one by one."""
    return None if column.count(None) == len(column) else column


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """The rows as one array per column, the form in which batches are sent."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
