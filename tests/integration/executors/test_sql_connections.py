"""The connections of sql_query: few, clean for each job, and replaced when they die."""

import asyncio

import asyncpg
import pytest

from cluster.servers import Servers
from foliot.worker.executors.sql import connections as connections_module
from foliot.worker.executors.sql_query import SqlQueryExecutor
from integration.executors.processes import until
from integration.executors.sql_source import executing, open_connections, ran, value

LEAKS = {
    "SELECT set_config('app.secret', 'x', false)": "coalesce(current_setting('app.secret', true), '') = ''",
    "SELECT set_config('search_path', 'x', false)": "current_setting('search_path') LIKE '%public%'",
    "SELECT set_config('statement_timeout', '1', false)": "current_setting('statement_timeout') <> '1ms'",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE": "current_setting('transaction_read_only') = 'on'",
    "SELECT pg_advisory_lock(1)": "NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')",
    "LISTEN somebody": "NOT EXISTS (SELECT pg_listening_channels())",
    "CREATE TEMP TABLE left_behind AS SELECT 1": "to_regclass('left_behind') IS NULL",
    "PREPARE mine AS SELECT 1": "NOT EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'mine')",
    "DECLARE mine CURSOR WITH HOLD FOR SELECT 1": "NOT EXISTS (SELECT FROM pg_cursors WHERE name = 'mine')",
    "SELECT set_config('role', 'pg_read_all_data', false)": "current_user = 'tenant'",
    "SELECT set_config('session_authorization', 'tenant', false)": "session_user = 'tenant'",
}


@pytest.mark.parametrize("query", LEAKS)
async def test_nothing_of_a_job_is_left_for_the_next_one(reader: SqlQueryExecutor, query: str) -> None:
    before = await value(reader, "pg_backend_pid()")
    await ran(reader, query)
    assert await value(reader, LEAKS[query]) is True
    assert await value(reader, "pg_backend_pid()") == before  # or this test would say nothing


async def test_connections_can_be_new_for_each_job(sql_servers: Servers) -> None:
    async with executing(sql_servers, max_uses=1) as executor:
        assert len({await value(executor, "pg_backend_pid()") for _ in range(3)}) == 3


async def test_connections_are_bounded(sql_servers: Servers) -> None:
    async with executing(sql_servers, max_connections=3) as executor:
        pids = await asyncio.gather(*(value(executor, "pg_backend_pid() FROM pg_sleep(0.05)") for _ in range(8)))
    assert len(set(pids)) == 2  # the third is for another tenant


async def test_a_tenant_finds_a_connection_however_many_jobs_another_has(sql_servers: Servers) -> None:
    async with executing(sql_servers, max_connections=2) as executor:
        slow = [asyncio.create_task(ran(executor, "SELECT pg_sleep(1000)", tenant="team 1")) for _ in range(5)]
        await until(lambda: len(open_connections()) == 1)
        async with asyncio.timeout(5):
            assert (await ran(executor, "SELECT 1", tenant="team 2"))[0].succeeded
        for task in slow:
            task.cancel()
        await asyncio.wait(slow)


async def test_a_connection_that_died_while_idle_is_replaced(reader: SqlQueryExecutor, sql_servers: Servers) -> None:
    pid = await value(reader, "pg_backend_pid()")
    owner = await asyncpg.connect(sql_servers.database_url)
    await owner.execute("SELECT pg_terminate_backend($1)", pid)
    await owner.close()
    assert await value(reader, "pg_backend_pid()") != pid


async def test_idle_connections_are_closed(sql_servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections_module, "IDLE_SECONDS", 0.1)
    before = len(open_connections())
    async with executing(sql_servers) as executor:
        assert await value(executor, "1") == 1
        assert len(open_connections()) == before + 1
        await until(lambda: len(open_connections()) == before)
