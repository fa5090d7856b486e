"""sql_query: one prepared statement, its notices and its rows as JSON lines in the log."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Final, Self

import asyncpg

from foliot.common.model.payloads.sql_query import SqlQuery
from foliot.worker.executors.attempt import Attempt, Result
from foliot.worker.executors.datasources import Datasource
from foliot.worker.executors.sql.connections import FAILURES, NO_VALUE, Connections, PooledConnection
from foliot.worker.executors.sql.errors import AnswerTooLargeError, failed
from foliot.worker.executors.sql.params import converted
from foliot.worker.executors.sql.rows import RowLog
from foliot.worker.output import Output

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""Bytes that the server may send for one job: asyncpg holds a whole row in memory."""

_ROWS_AT_ONCE: Final = 50
"""Rows of one fetch: few, because they are in memory together."""
_FAR: Final = 2**31 - 1
"""Rows of one MOVE: as many as PostgreSQL takes."""
_GRACE_SECONDS: Final = 5.0
"""Seconds beyond the attempt's timeout: the runner's timeout comes first and says TIMEOUT, the timeouts here hold where
there is no runner."""


class SqlQueryExecutor:
    """Async context manager; a worker has one, for any number of attempts at a time."""

    def __init__(self, datasources: Mapping[str, Datasource]) -> None:
        self._sources = {name: (source, Connections(source)) for name, source in datasources.items()}

    @property
    def names(self) -> list[str]:
        """The data sources that jobs may name."""
        return list(self._sources)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(connections.close() for _, connections in self._sources.values()))

    async def run(self, attempt: Attempt, output: Output) -> Result:
        """See `Executor.run`. A cancel stops the query on the server, and waits at most 3 s for that."""
        payload = attempt.payload
        if not isinstance(payload, SqlQuery):
            raise TypeError(f"not an sql_query: {type(payload).__name__}")
        if payload.datasource not in self._sources:
            message = f"unknown data source {payload.datasource}: the operator names them for this worker"
            return Result(succeeded=False, error_message=message, log_error="unknown data source", final=True)
        source, connections = self._sources[payload.datasource]
        seconds = attempt.timeout_seconds + _GRACE_SECONDS
        try:
            async with asyncio.timeout(seconds):
                await _query(connections, source, attempt.tenant, payload, seconds, output)
        except (*FAILURES, *NO_VALUE, AnswerTooLargeError) as error:
            return failed(error, source)
        return Result(succeeded=True)


async def _query(
    connections: Connections, source: Datasource, tenant: str, payload: SqlQuery, seconds: float, output: Output
) -> None:
    def on_notice(_connection: object, notice: asyncpg.PostgresLogMessage) -> None:
        output.write_text(_worded(notice))

    statement_seconds = min(seconds, source.statement_timeout or seconds)
    async with connections.ready(tenant, statement_seconds, on_notice) as pooled:
        pooled.bound.allow(MAX_ANSWER_BYTES)
        try:
            await _statement(pooled, source, payload, seconds, output)
        except FAILURES as error:
            if pooled.bound.overflowed:
                raise AnswerTooLargeError(MAX_ANSWER_BYTES // 1024**2, final=not source.transaction) from error
            raise


async def _statement(
    pooled: PooledConnection, source: Datasource, payload: SqlQuery, seconds: float, output: Output
) -> None:
    connection = pooled.connection
    statement = await connection.prepare(payload.query, timeout=seconds)
    params = converted(payload.params, [connection.types[kind.oid] for kind in statement.get_parameters()])
    columns = statement.get_attributes()
    if not columns:
        await statement.fetch(*params, timeout=seconds)
        output.write_text(f"{statement.get_statusmsg() or 'the query is empty: nothing was run'}\n")
        return
    rows = RowLog([column.name for column in columns], source.max_rows, output)
    if not source.transaction:  # and so without a cursor
        with _ran(output):
            rows.take(await statement.fetch(*params, timeout=seconds))
        return
    cursor = await statement.cursor(*params, timeout=seconds)
    with _ran(output):
        while batch := await cursor.fetch(min(_ROWS_AT_ONCE, rows.room), timeout=seconds):
            if not rows.take(batch):
                break
    # a statement that may write runs to its end, such as a function that is called for each row; no row is sent
    while not source.read_only and await cursor.forward(_FAR, timeout=seconds) == _FAR:
        pass


@contextlib.contextmanager
def _ran(output: Output) -> Iterator[None]:
    """A statement that ran did so, whether or not its values can be shown: it must not be undone and run again."""
    try:
        yield
    except NO_VALUE as error:
        output.write_text(f"... a value of the next rows cannot be shown: {error} ...\n")


def _worded(notice: asyncpg.PostgresLogMessage) -> str:
    parts = [f"{notice.severity_en or notice.severity}: {notice.message}"]
    parts += [f"{name}: {text}" for name, text in (("DETAIL", notice.detail), ("HINT", notice.hint)) if text]
    return "\n".join(parts) + "\n"
