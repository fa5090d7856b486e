"""sql_query against a real PostgreSQL."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cluster.servers import Servers, start_servers
from foliot.worker.executors import sql_query as sql_query_module
from foliot.worker.executors.attempt import Result
from foliot.worker.executors.datasources import Datasource
from foliot.worker.executors.sql import connections as connections_module
from foliot.worker.executors.sql_query import SqlQueryExecutor
from foliot.worker.output import LIMIT, Output
from integration.executors.making import make_attempt
from integration.executors.processes import until

PASSWORD = "SECRET"
SETUP = f"""
    CREATE ROLE tenant LOGIN PASSWORD '{PASSWORD}';
    CREATE TABLE items (id INT PRIMARY KEY, name TEXT);
    INSERT INTO items SELECT n, 'item ' || n FROM generate_series(1, 3000) AS n;
    CREATE TABLE parents (id INT PRIMARY KEY);
    CREATE TABLE children (parent INT REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
    CREATE TYPE pair AS (a INT, b TEXT);
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    GRANT ALL ON items, parents, children TO tenant;
    GRANT CREATE, USAGE ON SCHEMA public TO tenant;
"""


@pytest.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    directory: Path = tmp_path_factory.mktemp("sql")
    async with start_servers(directory, rabbitmq=False, zookeeper=False, fsync=False) as servers:
        owner = await asyncpg.connect(servers.database_url)
        await owner.execute(SETUP)
        await owner.close()
        yield servers


def source(servers: Servers, **changes: Any) -> Datasource:
    where = servers.database_url.rpartition("@")[2]
    given = {"url": f"postgresql://tenant:{PASSWORD}@{where}", "max_connections": 1}
    return Datasource(**(given | changes))


@asynccontextmanager
async def executing(servers: Servers, **changes: Any) -> AsyncIterator[SqlQueryExecutor]:
    async with SqlQueryExecutor({"own": source(servers, **changes)}) as executor:
        yield executor


@pytest.fixture(scope="module")
async def executor(servers: Servers) -> AsyncIterator[SqlQueryExecutor]:
    async with executing(servers) as executor:
        yield executor


@pytest.fixture(scope="module")
async def writer(servers: Servers) -> AsyncIterator[SqlQueryExecutor]:
    async with executing(servers, read_only=False) as executor:
        yield executor


async def ran(executor: SqlQueryExecutor, query: str, *params: Any, **fields: Any) -> tuple[Result, str]:
    output = Output()
    attempt = make_attempt("sql_query", fields=fields, datasource="own", query=query, params=list(params))
    async with asyncio.timeout(20):
        result = await executor.run(attempt, output)
    return result, output.text()


async def rows(executor: SqlQueryExecutor, query: str, *params: Any) -> list[Any]:
    result, log = await ran(executor, query, *params)
    assert result == Result(succeeded=True), result
    return [json.loads(line) for line in log.splitlines()]


async def value(executor: SqlQueryExecutor, expression: str, *params: Any) -> Any:
    ((row,),) = [list(row.values()) for row in await rows(executor, f"SELECT {expression}", *params)]
    return row


async def test_rows_become_json_lines(executor: SqlQueryExecutor) -> None:
    assert await rows(executor, "SELECT id, name FROM items WHERE id <= $1 ORDER BY id", 2) == [
        {"id": 1, "name": "item 1"},
        {"id": 2, "name": "item 2"},
    ]
    assert await rows(executor, "SELECT 1 AS a, 2 AS a, NULL") == [{"a": 1, "a_2": 2, "?column?": None}]
    assert await rows(executor, "SELECT 1 WHERE false") == []


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1.10::numeric", "1.10"),
        ("'NaN'::float8", "nan"),
        ("9223372036854775807", 9223372036854775807),
        ("'2026-11-23 13:00+01'::timestamptz", "2026-11-23T12:00:00.000000Z"),
        ("'infinity'::timestamptz", "infinity"),
        ("'-infinity'::timestamp", "-infinity"),
        ("'infinity'::date", "9999-12-31"),
        ("'2026-11-23 13:00'::timestamp", "2026-11-23T13:00:00.000000"),
        ("'13:00+01'::timetz", "13:00:00+01:00"),
        ("interval '1 day 2 seconds'", "P1DT2S"),
        ("'\\xff00'::bytea", "\\xff00"),
        ("'[1,5]'::int4range", "[1,6)"),
        ("'{[1,2],[5,6]}'::int4multirange", ["[1,3)", "[5,7)"]),
        ("ARRAY[1.5, NULL]", ["1.5", None]),
        ("ARRAY['happy'::mood]", ["happy"]),
        ("ROW(1, 'x')::pair", {"a": 1, "b": "x"}),
        ("ROW(1, 'x')", [1, "x"]),
        ("'{\"a\": [1, 1e400]}'::jsonb #> '{a,0}'", 1),
        ("'[{\"b\": null}]'::json", [{"b": None}]),
        ("ARRAY['{\"a\": 1}'::json]", ['{"a": 1}']),
        ("'0101'::bit(4)", "0101"),
        ("'192.168.0.1/24'::inet", "192.168.0.1/24"),
        ("'08:00:2b:01:02:03'::macaddr", "08:00:2b:01:02:03"),
        ("'(1,2)'::point", [1.0, 2.0]),
        ("'<a>x</a>'::xml", "<a>x</a>"),
        ("to_tsvector('simple', 'a b')", "'a':1 'b':2"),
        ("gen_random_uuid() IS NOT NULL", True),
        ("pg_typeof(1)", "integer"),
        ("''", ""),
    ],
)
async def test_every_type_can_be_written(executor: SqlQueryExecutor, expression: str, expected: Any) -> None:
    found = await value(executor, expression)
    assert found == expected


@pytest.mark.parametrize(
    ("expression", "param", "expected"),
    [
        ("$1::int + 1", 1, 2),
        ("$1::numeric * 2", "1.25", "2.50"),
        ("$1::timestamptz", "2026-11-23T13:00:00+01:00", "2026-11-23T12:00:00.000000Z"),
        ("$1::date + 1", "2026-11-23", "2026-11-24"),
        ("$1::jsonb -> 'a'", {"a": [1]}, [1]),
        ("$1::int[]", [1, 2, None], [1, 2, None]),
        ("$1::uuid", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"),
        ("$1::inet", "10.0.0.1", "10.0.0.1"),
        ("$1::mood", "happy", "happy"),
        ("$1::text::interval", "90 seconds", "PT90S"),
        ("$1::bool", None, None),
        ("$1::bytea", "\\xff", "\\xff"),
    ],
)
async def test_parameters(executor: SqlQueryExecutor, expression: str, param: Any, expected: Any) -> None:
    found = await value(executor, expression, param)
    assert found == expected


@pytest.mark.parametrize(
    ("query", "params", "expected"),
    [
        ("SELEC 1", [], "42601: syntax error"),
        ("SELECT * FROM nowhere", [], '42P01: relation "nowhere" does not exist'),
        ("SELECT 1/0", [], "22012: division by zero"),
        ("SELECT 1; SELECT 2", [], "42601: cannot insert multiple commands"),
        ("SELECT $1::int", ["x"], "invalid input for query argument $1"),
        ("SELECT $1::date", ["x"], "params[0] is no date"),
        ("SELECT $1::int", [], "the query has 1 parameters, params has 0"),
        ("SELECT 1", [1], "the query has 0 parameters, params has 1"),
        ("SELECT '20000-01-01'::timestamptz", [], "out of range"),
        ("SELECT '20000-01-01'::date", [], "out of range"),
        ("SELECT id, 1/(id-60) FROM items ORDER BY id", [], "22012: division by zero"),
    ],
)
async def test_failures_are_told_and_retried(
    executor: SqlQueryExecutor, query: str, params: list[Any], expected: str
) -> None:
    result, _ = await ran(executor, query, *params)
    assert (result.succeeded, result.final) == (False, False)
    assert expected in str(result.error_message)
    assert await value(executor, "1") == 1


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO items VALUES (0, 'x')",
        "WITH gone AS (DELETE FROM items RETURNING *) SELECT count(*) FROM gone",
        "CREATE TABLE made (a INT)",
        "SELECT set_config('transaction_read_only', 'off', true), nextval('a')",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "TRUNCATE items",
        "COMMIT; DELETE FROM items",
    ],
)
async def test_a_read_only_source_is_not_written_to(
    executor: SqlQueryExecutor, writer: SqlQueryExecutor, query: str
) -> None:
    """The role of these tests may write: it is the transaction that forbids it."""
    result, _ = await ran(executor, query)
    assert not result.succeeded
    assert await value(executor, "count(*) FROM items") == 3000


@pytest.mark.parametrize(
    "query",
    ["SET TRANSACTION READ WRITE", "BEGIN READ WRITE", "COMMIT", "ROLLBACK", "SET default_transaction_read_only=off"],
)
async def test_leaving_the_transaction_leads_nowhere(executor: SqlQueryExecutor, query: str) -> None:
    await ran(executor, query)
    result, _ = await ran(executor, "INSERT INTO items VALUES (0, 'x')")
    assert "25006" in str(result.error_message)


async def test_what_a_read_only_transaction_forgets_to_forbid_is_undone(
    executor: SqlQueryExecutor, servers: Servers
) -> None:
    await ran(executor, "SELECT lo_create(4242)")
    owner = await asyncpg.connect(servers.database_url)
    assert await owner.fetchval("SELECT count(*) FROM pg_largeobject_metadata") == 0
    await owner.close()


async def test_a_source_that_may_be_written_to(writer: SqlQueryExecutor) -> None:
    assert await ran(writer, "INSERT INTO parents SELECT generate_series(1, 3)") == (
        Result(succeeded=True),
        "INSERT 0 3\n",
    )
    assert await rows(writer, "DELETE FROM parents RETURNING id") == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert await value(writer, "count(*) FROM parents") == 0
    result, log = await ran(writer, "DO $$ BEGIN RAISE NOTICE 'x'; END $$")
    assert (result.succeeded, log) == (True, "DO\n")


async def test_a_commit_that_fails_is_a_failure(writer: SqlQueryExecutor) -> None:
    result, _ = await ran(writer, "INSERT INTO children VALUES (99)")
    assert "23503" in str(result.error_message)
    assert await value(writer, "count(*) FROM children") == 0


@pytest.mark.parametrize(
    "query", ["SHOW server_version", "EXPLAIN SELECT 1", "-- nothing", "VALUES (1)", "TABLE parents"]
)
async def test_other_statements(executor: SqlQueryExecutor, query: str) -> None:
    assert (await ran(executor, query))[0].succeeded


async def test_rows_are_capped(servers: Servers) -> None:
    async with executing(servers, max_rows=120) as executor:
        result, log = await ran(executor, "SELECT id FROM items ORDER BY id")
        lines = log.splitlines()
        assert result.succeeded
        assert [json.loads(line)["id"] for line in lines[:-1]] == list(range(1, 121))
        assert lines[-1] == "... only the first 120 rows ..."
        assert "only" not in (await ran(executor, "SELECT id FROM items LIMIT 120"))[1]


async def test_a_thousand_rows_by_default(executor: SqlQueryExecutor) -> None:
    result, log = await ran(executor, "SELECT id, repeat('x', 100) FROM items ORDER BY id")
    assert result.succeeded
    assert log.endswith("... only the first 1000 rows ...\n")
    assert len(log.encode()) <= LIMIT


async def test_bytes_are_capped(executor: SqlQueryExecutor) -> None:
    """No row is held that is larger than what one job may take, whatever the query makes."""
    result, _ = await ran(executor, "SELECT repeat('x', 64000000)")
    assert (result.succeeded, result.final) == (False, False)
    assert "larger than 16 MiB" in str(result.error_message)
    result, _ = await ran(executor, "SELECT repeat('x', 1000000) FROM generate_series(1, 100)")
    assert "larger than 16 MiB" in str(result.error_message)
    result, log = await ran(executor, "SELECT repeat('x', 100000) FROM generate_series(1, 100)")
    assert result.succeeded
    assert log.count("(100000 characters)") > 1


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
async def test_nothing_of_a_job_is_left_for_the_next_one(executor: SqlQueryExecutor, query: str) -> None:
    before = await value(executor, "pg_backend_pid()")
    await ran(executor, query)
    assert await value(executor, LEAKS[query]) is True
    assert await value(executor, "pg_backend_pid()") == before  # or this test would say nothing


async def test_connections_can_be_new_for_each_job(servers: Servers) -> None:
    async with executing(servers, max_uses=1) as executor:
        assert len({await value(executor, "pg_backend_pid()") for _ in range(3)}) == 3


async def test_connections_are_bounded(servers: Servers) -> None:
    async with executing(servers, max_connections=2) as executor:
        pids = await asyncio.gather(*(value(executor, "pg_backend_pid() FROM pg_sleep(0.05)") for _ in range(8)))
    assert len(set(pids)) == 2


async def active(servers: Servers) -> int:
    """How many queries of jobs run on the server."""
    owner = await asyncpg.connect(servers.database_url)
    try:
        count = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'tenant' AND state = 'active'"
        return int(await owner.fetchval(count))
    finally:
        await owner.close()


async def active_is(servers: Servers, expected: int, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while await active(servers) != expected:
            pass


async def test_a_cancel_stops_the_query_on_the_server(executor: SqlQueryExecutor, servers: Servers) -> None:
    task = asyncio.create_task(ran(executor, "SELECT pg_sleep(1000)"))
    await active_is(servers, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await active(servers) == 0
    assert await value(executor, "1") == 1


async def test_a_timeout_of_the_runner_stops_the_query_too(executor: SqlQueryExecutor, servers: Servers) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await ran(executor, "SELECT count(*) FROM generate_series(1, 1000000000)")
    assert await active(servers) == 0


async def test_the_statement_timeout_of_the_source(servers: Servers) -> None:
    async with executing(servers, statement_timeout=0.2) as executor:
        result, _ = await ran(executor, "SELECT pg_sleep(1000)")
    assert (result.succeeded, result.final) == (False, False)
    assert "57014" in str(result.error_message)


async def test_the_server_ends_a_query_whose_attempt_is_over(
    executor: SqlQueryExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no runner cancels: the statement timeout is that of the attempt."""
    monkeypatch.setattr(sql_query_module, "_GRACE_SECONDS", 0.0)
    query = "SELECT set_config('statement_timeout', '0', false), pg_sleep(1000)"
    result, _ = await ran(executor, query, timeout_seconds=0.3)
    assert not result.succeeded


async def test_a_query_ends_when_its_worker_dies(servers: Servers) -> None:
    """A dead worker closes the socket; the server looks every second."""
    async with executing(servers) as executor:
        task = asyncio.create_task(ran(executor, "SELECT pg_sleep(1000)"))
        await active_is(servers, 1)
        for connection in _open():
            connection._transport.abort()
        await active_is(servers, 0)
        result, _ = await task
    assert (result.succeeded, result.final) == (False, False)


def _open() -> list[Any]:
    return [one for one in gc.get_objects() if type(one) is asyncpg.Connection and not one.is_closed()]


async def test_a_server_that_stands_still_holds_up_nobody(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections_module, "CLOSE_SECONDS", 0.2)
    async with executing(servers) as executor:
        task = asyncio.create_task(ran(executor, "SELECT pg_sleep(0.5), pg_sleep(1000)"))
        await active_is(servers, 1)
        owner = await asyncpg.connect(servers.database_url)
        (pid,) = await owner.fetchrow("SELECT pid FROM pg_stat_activity WHERE usename = 'tenant' AND state = 'active'")
        servers.postgres.pause()
        try:
            task.cancel()
            await asyncio.wait([task], timeout=2)
            assert task.cancelled()
        finally:
            servers.postgres.resume()
        await owner.execute("SELECT pg_terminate_backend($1)", pid)
        await owner.close()


async def test_a_connection_that_died_while_idle_is_replaced(executor: SqlQueryExecutor, servers: Servers) -> None:
    pid = await value(executor, "pg_backend_pid()")
    owner = await asyncpg.connect(servers.database_url)
    await owner.execute("SELECT pg_terminate_backend($1)", pid)
    await owner.close()
    assert await value(executor, "pg_backend_pid()") != pid


async def test_idle_connections_are_closed(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections_module, "IDLE_SECONDS", 0.1)
    before = len(_open())
    async with executing(servers) as executor:
        assert await value(executor, "1") == 1
        assert len(_open()) == before + 1
        await until(lambda: len(_open()) == before)


async def test_an_unknown_data_source_is_final(executor: SqlQueryExecutor) -> None:
    result = await executor.run(make_attempt("sql_query", datasource="other", query="SELECT 1"), Output())
    assert (result.succeeded, result.final) == (False, True)
    assert "unknown data source other" in str(result.error_message)


async def test_passwords_are_never_shown(servers: Servers, caplog: pytest.LogCaptureFixture) -> None:
    where = servers.database_url.rpartition("@")[2]
    for url in (
        f"postgresql://tenant:{PASSWORD}2@{where}",
        f"postgresql://nobody:{PASSWORD}@{where}",
        f"postgresql://tenant:{PASSWORD}@{where}_none",
        f"postgresql://tenant:{PASSWORD}@127.0.0.1:1/x",
        f"postgresql://tenant:{PASSWORD}@no-such-host.invalid/x",
        f"postgresql://tenant:{PASSWORD}@{where}?sslmode=require",
    ):
        async with SqlQueryExecutor({"own": Datasource(url=url)}) as executor:
            result, log = await ran(executor, "SELECT 1")
        assert (result.succeeded, result.final) == (False, False)
        assert result.error_message
        assert PASSWORD not in result.error_message + log + caplog.text
