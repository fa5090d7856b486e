"""Connections to PostgreSQL: a bounded pool, named statements, timed queries, errors translated once.

Nothing here waits for ever: connecting, taking a connection from the pool and every statement have a timeout.
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

from foliot.common.errors import Unavailable
from foliot.common.ledger.faults import AWAY, why_away
from foliot.common.ledger.statements import Statement
from foliot.common.process import metrics

ACQUIRE_TIMEOUT = 5.0
COMMAND_TIMEOUT = 10.0


class Session:
    """One connection, for as long as the caller holds it. Repositories read Structs; raw records stay inside this
    file."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record]) -> None:
        self._connection = connection

    async def fetch(self, statement: Statement, *args: Any) -> list[asyncpg.Record]:
        started = time.perf_counter()
        try:
            return await self._connection.fetch(statement.sql, *args)
        finally:
            metrics.observe_query(statement.name, time.perf_counter() - started)

    async def read(self, statement: Statement, *args: Any) -> list[Any]:
        """The rows as the statement's Struct, by position: by name it costs twice as much. A test holds the fields to
        the statement's columns."""
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
        """Run a statement that returns no rows; gives the number of rows it touched."""
        started = time.perf_counter()
        try:
            status: str = await self._connection.execute(statement.sql, *args)
        finally:
            metrics.observe_query(statement.name, time.perf_counter() - started)
        return int(status.rpartition(" ")[2] or 0) if status[-1:].isdigit() else 0


class Pool:
    """A bounded pool that opens its connections when they are needed, so that a service starts without its server."""

    def __init__(self, url: str, *, size: int, name: str) -> None:
        self._url = url
        self._size = size
        self._name = name
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def __aenter__(self) -> Pool:
        pool = asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._size,
            timeout=ACQUIRE_TIMEOUT,
            command_timeout=COMMAND_TIMEOUT,
            max_inactive_connection_lifetime=300,
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
            await _within(self._pool.close(), 2.0)
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
        """A connection in autocommit. Raises Unavailable when the server is away."""
        try:
            async with self._acquired() as connection:
                yield Session(connection)
        except AWAY as error:
            raise self._unavailable(error) from error

    @contextlib.asynccontextmanager
    async def transaction(self, *, snapshot: bool = False) -> AsyncIterator[Session]:
        """A connection inside one transaction, committed at the end. Raises Unavailable when the server is away;
        then nothing is known of the outcome: ask again by natural key. `snapshot`: reads only, all at one instant."""
        options: dict[str, Any] = {"isolation": "repeatable_read", "readonly": True} if snapshot else {}
        try:
            async with self._acquired() as connection, connection.transaction(**options):
                yield Session(connection)
        except AWAY as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: BaseException) -> Unavailable:
        metrics.DB_UNAVAILABLE.labels(why_away(error)).inc()
        return Unavailable(f"PostgreSQL ({self._name}): {type(error).__name__}: {error}")

    @contextlib.asynccontextmanager
    async def _acquired(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy[asyncpg.Record]]:
        """A timeout around `acquire` is a timer; given to it, it would be a task."""
        assert self._pool is not None
        async with asyncio.timeout(ACQUIRE_TIMEOUT):
            connection = await self._pool.acquire()
        try:
            yield connection
        finally:
            await self._pool.release(connection, timeout=ACQUIRE_TIMEOUT)


async def _within(awaitable: Any, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await awaitable


async def _keep(_connection: Any) -> None:
    """Nothing to reset: no session here sets anything, and each transaction is ended by its own block."""


async def _use_codecs(connection: Any) -> None:
    """jsonb by orjson; times by what asyncpg does to them, in half the time."""
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
    """PostgreSQL's times are microseconds since 2000. What datetime cannot say, infinities included, is its first or
    last without a zone, as asyncpg has it: the one job fails at it, and its batch is read all the same."""
    since = _INT64.unpack(data)[0]
    try:
        return _EPOCH + timedelta(0, 0, since)
    except OverflowError:
        return datetime.max if since > 0 else datetime.min  # noqa: DTZ901


def sparse(column: list[Any]) -> list[Any] | None:
    """Null in place of a column of nulls, which asyncpg would encode one by one."""
    return None if column.count(None) == len(column) else column


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows as one array a column, the form in which batches are sent."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
