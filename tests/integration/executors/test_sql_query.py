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
from integration.executors.sql_source import PASSWORD, executing, ran, rows, value


@pytest.mark.parametrize(
    ("query", "params", "expected"),
    [
        ("SELECT 1/0", [], "22012: division by zero"),
        ("SELECT $1::int", ["x"], '22P02: invalid input syntax for type integer: "x" (parameter $1)'),
        ("SELECT $1::date", ["x"], '22007: invalid input syntax for type date: "x"'),
        ("SELECT $1::timestamptz", ["2026-13-01T00:00:00Z"], "22008: date/time field value out of range"),
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
    ("query", "params", "expected"),
    [
        ("SELEC 1", [], "42601: syntax error"),
        ("SELECT * FROM nowhere", [], '42P01: relation "nowhere" does not exist'),
        ("SELECT 1; SELECT 2", [], "42601: cannot insert multiple commands"),
        ("SELECT * FROM pg_authid", [], "42501: permission denied"),
        ("SELECT $1::int", [], "the query has 1 parameters, params has 0"),
        ("SELECT 1", [1], "the query has 0 parameters, params has 1"),
        ("SELECT $1::int", [[1]], "params[0] is a list"),
        ("SELECT $1::int", [{}], "params[0] is an object"),
        ("SELECT $1::timestamptz", ["2026-11-23T12:00:00"], "params[0]: a timestamptz needs a zone"),
        ("SELECT $1::timestamp[]", [["2026-11-23T12:00:00Z"]], "params[0][0]: a timestamp has no zone"),
        ("INSERT INTO items VALUES (0, 'x')", [], '"read_only": false'),
        ("VACUUM items", [], "25001: VACUUM cannot run inside a transaction block (hint: the statement"),
        ("DO $$BEGIN COMMIT; END$$", [], '"transaction": false'),
    ],
)
async def test_what_fails_for_ever_is_final_and_says_what_helps(
    reader: SqlQueryExecutor, query: str, params: list[Any], expected: str
) -> None:
    result, _ = await ran(reader, query, *params)
    assert (result.succeeded, result.final) == (False, True)
    assert expected in str(result.error_message)


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("SELECT $1::int", ["S3cr3t"]),
        ("SELECT 'S3cr3t'::int", []),
        ("SELECT * FROM S3cr3t", []),
        ("SELECT $1::bytea", [["S3cr3t"]]),
        ("SELECT repeat('S3cr3t', 10000000)", []),
        ("DO $$BEGIN RAISE 'S3cr3t'; END$$", []),
    ],
)
async def test_what_is_logged_has_no_value_of_the_job(reader: SqlQueryExecutor, query: str, params: list[Any]) -> None:
    result, _ = await ran(reader, query, *params)
    assert not result.succeeded
    assert result.log_error
    assert "s3cr3t" not in result.log_error.lower()


async def test_notices_are_in_the_log_in_their_order(reader: SqlQueryExecutor, writer: SqlQueryExecutor) -> None:
    result, log = await ran(
        reader,
        "DO $$BEGIN RAISE NOTICE 'step 1'; RAISE WARNING 'low disk' USING HINT = 'tidy up'; RAISE INFO 'end'; END$$",
    )
    assert result.succeeded
    assert log == "NOTICE: step 1\nWARNING: low disk\nHINT: tidy up\nINFO: end\nDO\n"
    await ran(
        writer,
        "CREATE OR REPLACE FUNCTION said(n INT) RETURNS INT LANGUAGE plpgsql AS"
        " $$BEGIN RAISE NOTICE 'n is %', n; RETURN n; END$$",
    )
    _, log = await ran(writer, "SELECT said(1)")
    assert log == 'NOTICE: n is 1\n{"said":1}\n'
    _, log = await ran(writer, "SELECT 2 AS n")
    assert log == '{"n":2}\n'


async def test_a_value_that_cannot_be_shown_undoes_nothing(writer: SqlQueryExecutor) -> None:
    """Here the statement itself changes the encoding in which the server sends its row."""
    await ran(writer, "INSERT INTO parents VALUES (500)")
    result, log = await ran(
        writer,
        "UPDATE parents SET id = 501 WHERE id = 500 RETURNING set_config('client_encoding', 'latin1', true), 'ü'",
    )
    assert result == Result(succeeded=True)
    assert "... a value of the next rows cannot be shown: " in log
    assert await rows(writer, "DELETE FROM parents WHERE id = 501 RETURNING 'ü', id, '12026-01-01'::date") == [
        {"?column?": "ü", "id": 501, "date": "12026-01-01"}
    ]
    assert await value(writer, "count(*) FROM parents WHERE id IN (500, 501)") == 0


async def test_a_statement_that_may_write_runs_to_its_end(sql_servers: Servers) -> None:
    async with executing(sql_servers, read_only=False, max_rows=10) as executor:
        await ran(
            executor,
            "CREATE OR REPLACE FUNCTION kept(n INT) RETURNS INT LANGUAGE sql AS"
            " 'INSERT INTO parents VALUES (n) RETURNING id'",
        )
        result, log = await ran(executor, "SELECT kept(id + 10000) FROM items")
        assert result.succeeded
        assert log.endswith("... only the first 10 rows ...\n")
        assert await value(executor, "count(*) FROM parents WHERE id > 10000") == 3000
        assert (await ran(executor, "DELETE FROM parents WHERE id > 10000 RETURNING id"))[0].succeeded
        assert await value(executor, "count(*) FROM parents WHERE id > 10000") == 0


async def test_a_source_without_transactions(sql_servers: Servers) -> None:
    async with executing(sql_servers, read_only=False, transaction=False, max_rows=2) as executor:
        assert await ran(executor, "VACUUM own") == (Result(succeeded=True), "VACUUM\n")
        assert (await ran(executor, "REINDEX TABLE CONCURRENTLY own"))[0].succeeded
        assert (await ran(executor, "CALL committing()"))[0].succeeded
        assert await value(executor, "count(*) FROM own WHERE id = 77") == 1
        _, log = await ran(executor, "SELECT id FROM items ORDER BY id")
        assert log.endswith('{"id":2}\n... only the first 2 rows ...\n')
        await ran(executor, "SELECT set_config('app.secret', 'x', false)")
        assert await value(executor, "coalesce(current_setting('app.secret', true), '') = ''") is True
        result, _ = await ran(executor, "SELECT 1/0")
        assert "22012" in str(result.error_message)
        result, _ = await ran(executor, "SELECT pg_sleep(1000)", timeout_seconds=0.2)
        assert not result.succeeded


async def test_too_large_an_answer_of_what_was_not_undone_is_final(sql_servers: Servers) -> None:
    async with executing(sql_servers, read_only=False, transaction=False) as executor:
        result, _ = await ran(executor, "SELECT repeat('x', 64000000)")
    assert (result.succeeded, result.final) == (False, True)


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
    assert (result.succeeded, log) == (True, "NOTICE: x\nDO\n")


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
