"""The data source `demo`, in which the statements of all teams run as one role."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from cluster.demo import DATABASE, QUERY, create_demo
from cluster.postgres import Postgres
from cluster.servers import Servers
from foliot.worker.executors.datasources import Datasource, load_datasources
from foliot.worker.executors.sql_query import SqlQueryExecutor
from integration.executors.sql_source import ran

SECRET = "4711-of-another-team"


@pytest.fixture
async def demo(sql_servers: Servers, tmp_path: Path) -> Datasource:
    url = urlsplit(sql_servers.database_url)
    assert url.port
    assert url.password
    primary = Postgres(tmp_path, url.port, url.password, "")
    for _ in range(2):  # as `make up` does at each start
        await create_demo(primary, "demo", tmp_path / "datasources.json")
    return load_datasources(tmp_path / "datasources.json")[DATABASE]


@pytest.fixture
async def executor(demo: Datasource) -> AsyncIterator[SqlQueryExecutor]:
    async with SqlQueryExecutor({"own": demo}) as executor:
        yield executor


async def test_it_can_be_read(executor: SqlQueryExecutor) -> None:
    result, log = await ran(executor, QUERY)
    assert result.succeeded
    assert '{"customer":"Ada","orders":50,' in log


@pytest.mark.parametrize(
    "query",
    [
        "SELECT pid, query FROM pg_stat_activity",
        "SELECT * FROM pg_stat_get_activity(NULL)",
        "SELECT pg_stat_get_backend_activity(n) FROM generate_series(1, 20) AS n",
        "SELECT pg_stat_get_backend_pid(n) FROM generate_series(1, 20) AS n",
        "SELECT pg_cancel_backend({pid})",
        "SELECT pg_terminate_backend({pid})",
        "SELECT pg_terminate_backend({pid}, 10)",
        "SELECT * FROM pg_stat_replication",
        "SELECT * FROM pg_stat_get_wal_senders()",
        "SELECT * FROM pg_locks",
        "SELECT rolname FROM pg_roles",
        "SELECT rolname FROM pg_authid",
        "SELECT * FROM pg_stat_ssl",
    ],
)
async def test_teams_neither_see_nor_end_each_others_statements(
    executor: SqlQueryExecutor, demo: Datasource, query: str
) -> None:
    other = await asyncpg.connect(demo.url)
    try:
        statement = asyncio.create_task(other.execute(f"SELECT pg_sleep(1000) /* {SECRET} */"))
        await asyncio.sleep(0)
        result, log = await ran(executor, query.format(pid=other.get_server_pid()))
        assert not result.succeeded
        assert str(result.error_message).startswith("42501: permission denied")
        assert SECRET not in log
        assert not statement.done()
        statement.cancel()
        await asyncio.wait([statement])
    finally:
        other.terminate()


async def test_what_a_statement_spills_is_bounded(executor: SqlQueryExecutor) -> None:
    result, _ = await ran(
        executor,
        "SELECT count(*) FROM (SELECT repeat(n::text, 50) AS t FROM generate_series(1, 3000000) AS n ORDER BY 1) AS s",
    )
    assert "53400: temporary file size exceeds temp_file_limit" in str(result.error_message)
    result, _ = await ran(executor, "SELECT set_config('temp_file_limit', '-1', false)")
    assert "42501" in str(result.error_message)


async def test_the_servers_log_holds_no_value_of_a_job(executor: SqlQueryExecutor, sql_servers: Servers) -> None:
    await ran(executor, f"SELECT '{SECRET}'::int")
    await ran(executor, "SELECT $1::int", SECRET)
    assert SECRET not in sql_servers.postgres.log.read_text()
