"""The values that sql_query reads and takes, against a real PostgreSQL."""

import json
from typing import Any

import asyncpg
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
        # JSON's own types where they say the same
        ("true", True),
        ("32767::int2", 32767),
        ("9223372036854775807", 9223372036854775807),
        ("0.1::float4", 0.1),
        ("1e300::float8", 1e300),
        ("'NaN'::float8", "NaN"),
        ("'-infinity'::float4", "-Infinity"),
        ("7::oid", 7),
        ("NULL::date", None),
        ("pg_sleep(0)", None),
        ("'{\"a\": [1, 1e400]}'::jsonb #> '{a,0}'", 1),
        ("'[{\"b\": null}]'::json", [{"b": None}]),
        ("E'{\\n  \"a\": 1\\r\\n}'::json", {"a": 1}),
        # numbers and money
        ("1.10::numeric", "1.10"),
        ("'NaN'::numeric", "NaN"),
        ("10::numeric ^ 20", "100000000000000000000.0000000000000000"),
        ("1234.5::money", "$1,234.50"),
        # times
        ("'2026-11-23 13:00+01'::timestamptz", "2026-11-23T12:00:00.000000Z"),
        ("'2026-11-23 13:00'::timestamp", "2026-11-23T13:00:00.000000"),
        ("'infinity'::timestamptz", "infinity"),
        ("'-infinity'::timestamp", "-infinity"),
        ("'20000-01-01 00:00'::timestamp", "20000-01-01 00:00:00"),
        ("'0001-01-01 00:00+14'::timestamptz AT TIME ZONE 'UTC'", "0001-12-31 10:00:00 BC"),
        ("'2026-11-23'::date", "2026-11-23"),
        ("'infinity'::date", "infinity"),
        ("'-infinity'::date", "-infinity"),
        ("'12026-01-01'::date", "12026-01-01"),
        ("'0044-03-15 BC'::date", "0044-03-15 BC"),
        ("'4000-01-01 BC'::date", "4000-01-01 BC"),
        ("'24:00'::time", "24:00:00"),
        ("'13:00+01'::timetz", "13:00:00+01"),
        ("interval '5 years'", "P5Y"),
        ("interval '1 mon'", "P1M"),
        ("interval '1 mon -1 day'", "P1M-1D"),
        ("interval '1 day 2 seconds'", "P1DT2S"),
        ("ARRAY[interval '5 years']", ["P5Y"]),
        # texts
        ("''", ""),
        ("'x'::name", "x"),
        ("'x'::char(3)", "x  "),
        ("'x'::\"char\"", "x"),
        ("'happy'::mood", "happy"),
        ("'<a>x</a>'::xml", "<a>x</a>"),
        ("to_tsvector('simple', 'a b')", "'a':1 'b':2"),
        ("to_tsquery('simple', 'a & b')", "'a' & 'b'"),
        ("'$.a[*]'::jsonpath", '$."a"[*]'),
        ("'a=>1'::hstore", '"a"=>"1"'),
        # bytes, bits, addresses, identifiers
        ("'\\xff00'::bytea", "\\xff00"),
        ("'0101'::bit(4)", "0101"),
        ("'01'::varbit", "01"),
        ("'192.168.0.1/24'::inet", "192.168.0.1/24"),
        ("'192.168.0.0/24'::cidr", "192.168.0.0/24"),
        ("'08:00:2b:01:02:03'::macaddr", "08:00:2b:01:02:03"),
        ("'08:00:2b:01:02:03:04:05'::macaddr8", "08:00:2b:01:02:03:04:05"),
        ("'00000000-0000-0000-0000-000000000001'::uuid", "00000000-0000-0000-0000-000000000001"),
        ("'16/B374D848'::pg_lsn", "16/B374D848"),
        ("'(0,1)'::tid", "(0,1)"),
        ("'5'::xid8", 5),
        ("'10:20:10,14'::pg_snapshot", "10:20:10,14"),
        ("pg_typeof(1)", "integer"),
        ("'pg_class'::regclass", "pg_class"),
        ("'1 2'::int2vector", "1 2"),
        ("'1 2'::oidvector", "1 2"),
        # geometry
        ("'(1,2)'::point", "(1,2)"),
        ("'{1,2,3}'::line", "{1,2,3}"),
        ("'[(0,0),(1,1)]'::lseg", "[(0,0),(1,1)]"),
        ("'(1,1),(0,0)'::box", "(1,1),(0,0)"),
        ("'((0,0),(1,1))'::path", "((0,0),(1,1))"),
        ("'((0,0),(1,1))'::polygon", "((0,0),(1,1))"),
        ("'<(0,0),1>'::circle", "<(0,0),1>"),
        # ranges, composites, domains
        ("'[1,5]'::int4range", "[1,6)"),
        ("'empty'::daterange", "empty"),
        ("'[infinity,infinity]'::daterange", "[infinity,infinity]"),
        ("'{[1,2],[5,6]}'::int4multirange", "{[1,3),[5,7)}"),
        ("'[10:00,11:00)'::span", "[10:00:00,11:00:00)"),
        ("ROW(1, 'x')::pair", "(1,x)"),
        ("ROW(1, 'x')", "(1,x)"),
        ("5::counted", 5),
        ("'{\"a\": 1}'::document", {"a": 1}),
        # arrays
        ("ARRAY[1.5, NULL]", ["1.5", None]),
        ("ARRAY['happy'::mood]", ["happy"]),
        ("ARRAY[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("'[0:1]={1,2}'::int[]", [1, 2]),
        ("'{}'::int[]", []),
        ("ARRAY['', 'NULL', 'a,b', 'a\"b', 'a\\b', '{}', E'\\n', NULL]",
         ["", "NULL", "a,b", 'a"b', "a\\b", "{}", "\n", None]),
        ("ARRAY['(1,1),(0,0)'::box, '(2,2),(0,0)'::box]", ["(1,1),(0,0)", "(2,2),(0,0)"]),
        ("ARRAY['{\"a\": 1}'::json]", [{"a": 1}]),
        ("ARRAY[ROW(1, 'x,y')::pair]", ['(1,"x,y")']),
        ("ARRAY[7::oid]", [7]),
        ("ARRAY['2026-11-23 13:00+01'::timestamptz]", ["2026-11-23T12:00:00.000000Z"]),
    ],
)  # fmt: skip
async def test_every_type_can_be_written(reader: SqlQueryExecutor, expression: str, expected: Any) -> None:
    found = await value(reader, expression)
    assert found == expected


async def test_a_row_is_a_line(reader: SqlQueryExecutor) -> None:
    _, log = await ran(reader, "SELECT E'{\n  \"a\": 1.10\n}'::json AS j, E'x\ny' AS t")
    assert log == '{"j":{   "a": 1.10 },"t":"x\\ny"}\n'


async def test_no_type_of_the_server_is_a_failure(reader: SqlQueryExecutor, sql_servers: Servers) -> None:
    """Every base, range, enum, domain and composite type of the catalogue, alone and in an array."""
    owner = await asyncpg.connect(sql_servers.database_url)
    types = await owner.fetch(
        "SELECT oid::regtype::text AS name FROM pg_type WHERE typtype <> 'p' AND typrelid = 0"
        " AND typname NOT IN ('pg_node_tree') ORDER BY oid"
    )
    await owner.close()
    assert len(types) > 150
    for start in range(0, len(types), 50):
        columns = ", ".join(f"NULL::{row['name']}" for row in types[start : start + 50])
        result, _ = await ran(reader, f"SELECT {columns}")
        assert result.succeeded, (result, columns)


async def test_what_a_statement_casts_and_may_store_does_not_follow_the_log(
    reader: SqlQueryExecutor, writer: SqlQueryExecutor
) -> None:
    assert await value(reader, "interval '5 years'") == "P5Y"
    assert await value(writer, "(interval '5 years')::text") == "5 years"
    assert await value(writer, "interval '5 years'") == "5 years"


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
        ("$1::interval", "90 seconds", "PT1M30S"),
        ("$1::interval", "P1M-1D", "P1M-1D"),
        ("$1::timestamptz", "infinity", "infinity"),
        ("$1::date", "-infinity", "-infinity"),
        ("$1::date", "0044-03-15 BC", "0044-03-15 BC"),
        ("$1::timestamp", "12026-01-01", "12026-01-01 00:00:00"),
        ("$1::text[]", ['a"b', "", "NULL", None, "\\", "ü,{}"], ['a"b', "", "NULL", None, "\\", "ü,{}"]),
        ("$1::int[]", [[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        ("$1::box[]", ["(1,1),(0,0)"], ["(1,1),(0,0)"]),
        ("$1::jsonb[]", [{"a": [1]}, [2]], [{"a": [1]}, [2]]),
        ("$1::oid[]", [7], [7]),
        ("$1::mood[]", ["sad"], ["sad"]),
        ("$1::pair", '(1,"x y")', '(1,"x y")'),
        ("$1::counted", 5, 5),
        ("$1::document", {"a": 1}, {"a": 1}),
        ("$1::int8range", "[1,5]", "[1,6)"),
        ("$1::float8", 1e-7, 1e-7),
        ("$1::numeric", 1.10, "1.1"),
        ("$1::text", 5, "5"),
        ("$1::bool", True, True),
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


async def test_an_empty_statement_says_so(reader: SqlQueryExecutor) -> None:
    assert (await ran(reader, "-- nothing"))[1] == "the query is empty: nothing was run\n"


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
