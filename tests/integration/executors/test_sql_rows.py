"""The values that sql_query reads and takes, against a real PostgreSQL."""

import json
from typing import Any

import pytest

from cluster.servers import Servers
from foliot.worker.executors.sql_query import SqlQueryExecutor
from foliot.worker.output import LIMIT
from integration.executors.sql_source import executing, ran, rows, value


async def test_rows_become_json_lines(reader: SqlQueryExecutor) -> None:
    assert await rows(reader, "SELECT id, name FROM items WHERE id <= $1 ORDER BY id", 2) == [
        {"id": 1, "name": "item 1"},
        {"id": 2, "name": "item 2"},
    ]
    assert await rows(reader, "SELECT 1 AS a, 2 AS a, NULL") == [{"a": 1, "a_2": 2, "?column?": None}]
    assert await rows(reader, "SELECT 1 WHERE false") == []


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
async def test_every_type_can_be_written(reader: SqlQueryExecutor, expression: str, expected: Any) -> None:
    found = await value(reader, expression)
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
async def test_parameters(reader: SqlQueryExecutor, expression: str, param: Any, expected: Any) -> None:
    found = await value(reader, expression, param)
    assert found == expected


@pytest.mark.parametrize(
    "query", ["SHOW server_version", "EXPLAIN SELECT 1", "-- nothing", "VALUES (1)", "TABLE parents"]
)
async def test_other_statements(reader: SqlQueryExecutor, query: str) -> None:
    assert (await ran(reader, query))[0].succeeded


async def test_rows_are_capped(sql_servers: Servers) -> None:
    async with executing(sql_servers, max_rows=120) as executor:
        result, log = await ran(executor, "SELECT id FROM items ORDER BY id")
        lines = log.splitlines()
        assert result.succeeded
        assert [json.loads(line)["id"] for line in lines[:-1]] == list(range(1, 121))
        assert lines[-1] == "... only the first 120 rows ..."
        assert "only" not in (await ran(executor, "SELECT id FROM items LIMIT 120"))[1]


async def test_a_thousand_rows_by_default(reader: SqlQueryExecutor) -> None:
    result, log = await ran(reader, "SELECT id, repeat('x', 100) FROM items ORDER BY id")
    assert result.succeeded
    assert log.endswith("... only the first 1000 rows ...\n")
    assert len(log.encode()) <= LIMIT


async def test_bytes_are_capped(reader: SqlQueryExecutor) -> None:
    """No row is held that is larger than what one job may take, whatever the query makes."""
    result, _ = await ran(reader, "SELECT repeat('x', 64000000)")
    assert (result.succeeded, result.final) == (False, False)
    assert "larger than 16 MiB" in str(result.error_message)
    result, _ = await ran(reader, "SELECT repeat('x', 1000000) FROM generate_series(1, 100)")
    assert "larger than 16 MiB" in str(result.error_message)
    result, log = await ran(reader, "SELECT repeat('x', 100000) FROM generate_series(1, 100)")
    assert result.succeeded
    assert log.count("(100000 characters)") > 1
