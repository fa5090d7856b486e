"""No query goes on when its attempt is over: cancelled, out of time, or its worker dead."""

import asyncio

import asyncpg
import pytest

from cluster.servers import Servers
from foliot.worker.executors import sql_query as sql_query_module
from foliot.worker.executors.sql import connections as connections_module
from foliot.worker.executors.sql_query import SqlQueryExecutor
from integration.executors.sql_source import executing, open_connections, ran, value


async def active(sql_servers: Servers) -> int:
    """The number of queries of jobs that run on the server."""
    owner = await asyncpg.connect(sql_servers.database_url)
    try:
        count = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'tenant' AND state = 'active'"
        return int(await owner.fetchval(count))
    finally:
        await owner.close()


async def active_is(sql_servers: Servers, expected: int, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while await active(sql_servers) != expected:
            pass


async def test_a_cancel_stops_the_query_on_the_server(reader: SqlQueryExecutor, sql_servers: Servers) -> None:
    task = asyncio.create_task(ran(reader, "SELECT pg_sleep(1000)"))
    await active_is(sql_servers, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await active(sql_servers) == 0
    assert await value(reader, "1") == 1


async def test_a_timeout_of_the_runner_stops_the_query_too(reader: SqlQueryExecutor, sql_servers: Servers) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await ran(reader, "SELECT count(*) FROM generate_series(1, 1000000000)")
    assert await active(sql_servers) == 0


async def test_the_statement_timeout_of_the_source(sql_servers: Servers) -> None:
    async with executing(sql_servers, statement_timeout=0.2) as executor:
        result, _ = await ran(executor, "SELECT pg_sleep(1000)")
    assert (result.succeeded, result.final) == (False, False)
    assert "57014" in str(result.error_message)


async def test_the_server_ends_a_query_whose_attempt_is_over(
    reader: SqlQueryExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement timeout is that of the attempt, for the case that no runner cancels."""
    monkeypatch.setattr(sql_query_module, "_GRACE_SECONDS", 0.0)
    query = "SELECT set_config('statement_timeout', '0', false), pg_sleep(1000)"
    result, _ = await ran(reader, query, timeout_seconds=0.3)
    assert not result.succeeded


async def test_a_query_ends_when_its_worker_dies(sql_servers: Servers) -> None:
    """A dead worker closes the socket; the server looks every second."""
    async with executing(sql_servers) as executor:
        task = asyncio.create_task(ran(executor, "SELECT pg_sleep(1000)"))
        await active_is(sql_servers, 1)
        for connection in open_connections():
            connection._transport.abort()
        await active_is(sql_servers, 0)
        result, _ = await task
    assert (result.succeeded, result.final) == (False, False)


async def test_a_server_that_stands_still_holds_up_nobody(
    sql_servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections_module, "CLOSE_SECONDS", 0.2)
    async with executing(sql_servers) as executor:
        task = asyncio.create_task(ran(executor, "SELECT pg_sleep(0.5), pg_sleep(1000)"))
        await active_is(sql_servers, 1)
        owner = await asyncpg.connect(sql_servers.database_url)
        (pid,) = await owner.fetchrow("SELECT pid FROM pg_stat_activity WHERE usename = 'tenant' AND state = 'active'")
        sql_servers.postgres.pause()
        try:
            task.cancel()
            await asyncio.wait([task], timeout=2)
            assert task.cancelled()
        finally:
            sql_servers.postgres.resume()
        await owner.execute("SELECT pg_terminate_backend($1)", pid)
        await owner.close()
