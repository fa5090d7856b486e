"""sql_query against a real PostgreSQL: its failures, and what it may write."""

from typing import Any

import asyncpg
import pytest

from cluster.servers import Servers
from foliot.worker.executors.attempt import Result
from foliot.worker.executors.datasources import Datasource
from foliot.worker.executors.sql_query import SqlQueryExecutor
from foliot.worker.output import Output
from integration.executors.making import make_attempt
from integration.executors.sql_source import PASSWORD, ran, rows, value


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
async def test_failures_have_their_reason_and_are_retried(
    reader: SqlQueryExecutor, query: str, params: list[Any], expected: str
) -> None:
    result, _ = await ran(reader, query, *params)
    assert (result.succeeded, result.final) == (False, False)
    assert expected in str(result.error_message)
    assert await value(reader, "1") == 1


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
    reader: SqlQueryExecutor, writer: SqlQueryExecutor, query: str
) -> None:
    """The role of these tests may write: it is the transaction that forbids it."""
    result, _ = await ran(reader, query)
    assert not result.succeeded
    assert await value(reader, "count(*) FROM items") == 3000


@pytest.mark.parametrize(
    "query",
    ["SET TRANSACTION READ WRITE", "BEGIN READ WRITE", "COMMIT", "ROLLBACK", "SET default_transaction_read_only=off"],
)
async def test_leaving_the_transaction_leads_nowhere(reader: SqlQueryExecutor, query: str) -> None:
    await ran(reader, query)
    result, _ = await ran(reader, "INSERT INTO items VALUES (0, 'x')")
    assert "25006" in str(result.error_message)


async def test_what_a_read_only_transaction_forgets_to_forbid_is_undone(
    reader: SqlQueryExecutor, sql_servers: Servers
) -> None:
    await ran(reader, "SELECT lo_create(4242)")
    owner = await asyncpg.connect(sql_servers.database_url)
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


async def test_an_unknown_data_source_is_final(reader: SqlQueryExecutor) -> None:
    result = await reader.run(make_attempt("sql_query", datasource="other", query="SELECT 1"), Output())
    assert (result.succeeded, result.final) == (False, True)
    assert "unknown data source other" in str(result.error_message)


async def test_passwords_are_never_shown(sql_servers: Servers, caplog: pytest.LogCaptureFixture) -> None:
    where = sql_servers.database_url.rpartition("@")[2]
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
