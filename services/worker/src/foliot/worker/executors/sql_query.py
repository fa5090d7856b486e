"""sql_query: one prepared statement in a transaction, its rows as JSON lines in the log."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

import asyncpg

from foliot.common.model.payloads.sql_query import SqlQuery
from foliot.worker.executors.attempt import Attempt, Result
from foliot.worker.executors.datasources import Datasource
from foliot.worker.executors.sql.connections import FAILURES, NO_VALUE, Connections, PooledConnection
from foliot.worker.executors.sql.params import converted
from foliot.worker.executors.sql.rows import line, unique_names
from foliot.worker.output import Output

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""Bytes that the server may send for one job: asyncpg holds a whole row in memory."""

MAX_LOG_BYTES: Final = 1024 * 1024
"""Bytes of JSON lines after which no more rows are read; the attempt's log keeps their first and last part."""

_ROWS_AT_ONCE: Final = 50
"""Rows of one fetch: few, because they are in memory together."""
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
            return Result(succeeded=False, error_message=message, final=True)
        source, connections = self._sources[payload.datasource]
        seconds = attempt.timeout_seconds + _GRACE_SECONDS
        try:
            async with asyncio.timeout(seconds):
                await _query(connections, source, payload, seconds, output)
        except (*FAILURES, *NO_VALUE, AnswerTooLargeError) as error:
            return Result(succeeded=False, error_message=_described(error))
        return Result(succeeded=True)


class AnswerTooLargeError(Exception):
    """The server sent more than MAX_ANSWER_BYTES."""


async def _query(
    connections: Connections, source: Datasource, payload: SqlQuery, seconds: float, output: Output
) -> None:
    statement_seconds = min(seconds, source.statement_timeout or seconds)
    async with connections.transaction(statement_seconds) as pooled:
        pooled.bound.allow(MAX_ANSWER_BYTES)
        try:
            await _statement(pooled, source, payload, seconds, output)
        except FAILURES as error:
            if pooled.bound.overflowed:
                size = MAX_ANSWER_BYTES // 1024**2
                raise AnswerTooLargeError(
                    f"the answer is larger than {size} MiB; select fewer or shorter columns"
                ) from error
            raise


async def _statement(
    pooled: PooledConnection, source: Datasource, payload: SqlQuery, seconds: float, output: Output
) -> None:
    statement = await pooled.connection.prepare(payload.query, timeout=seconds)
    params = converted(payload.params, statement.get_parameters())
    columns = statement.get_attributes()
    if not columns:
        await statement.fetch(*params, timeout=seconds)
        output.write_text(f"{statement.get_statusmsg()}\n")
        return
    names = unique_names([column.name for column in columns])
    kinds = [column.type.name for column in columns]
    cursor = await statement.cursor(*params, timeout=seconds)
    shown = 0
    begun = output.written
    while rows := await cursor.fetch(min(_ROWS_AT_ONCE, source.max_rows + 1 - shown), timeout=seconds):
        for row in rows:
            if shown == source.max_rows or output.written - begun > MAX_LOG_BYTES:
                output.write_text(f"... only the first {shown} rows ...\n")
                return
            output.write(line(names, kinds, row))
            shown += 1


def _described(error: Exception) -> str:
    match error:
        case asyncpg.PostgresError():
            text = f"{error.sqlstate}: {error.args[0] if error.args else type(error).__name__}"
            hint = getattr(error, "hint", None)
            text += f" (hint: {hint})" if hint else ""
        case TimeoutError():
            text = "no answer of the data source in time"
        case OSError():
            text = f"no connection to the data source: {error}"
        case _:
            text = str(error)
    return text[:1_000]
