"""Data sources, parameters and values, without a server."""

import json
from pathlib import Path
from typing import Any

import pytest

from foliot.worker.executors.datasources import Datasource, DatasourceError, load_datasources
from foliot.worker.executors.sql.params import ParameterError, converted
from foliot.worker.executors.sql.rows import unique_names
from foliot.worker.executors.sql.text_connection import PgType
from foliot.worker.executors.sql.values import MAX_TEXT, Read, array_reader, reader

URL = "postgresql://reader:SECRET@127.0.0.1:5432/sales"


def written(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "datasources.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_data_sources(tmp_path: Path) -> None:
    path = written(tmp_path, {"demo": {"url": URL}, "sales.eu-1": {"url": URL, "read_only": False, "max_rows": 5}})
    sources = load_datasources(path)
    assert sources == {"demo": Datasource(url=URL), "sales.eu-1": Datasource(url=URL, read_only=False, max_rows=5)}
    assert sources["demo"].read_only
    assert sources["demo"].max_rows == 1000
    assert "SECRET" not in repr(sources)


def test_no_file_no_data_sources() -> None:
    assert load_datasources(None) == {}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "truncated"),
        ("[]", "Expected `object`"),
        ({"a b": {"url": URL}}, "a b: payload.datasource"),
        ({"a": {}}, "a: Object missing required field `url`"),
        ({"a": {"url": URL, "nonsense": 1}}, "a: Object contains unknown field `nonsense`"),
        ({"a": {"url": URL, "max_rows": 0}}, "a: Expected `int` >= 1"),
        ({"a": {"url": URL, "max_uses": "x"}}, "a: Expected `int`"),
        ({"a": {"url": URL, "statement_timeout": 0}}, "a: Expected `float` > 0"),
        ({"a": {"url": "mysql://u:SECRET@h/d"}}, "a: url must begin with postgresql://"),
        ({"a": {"url": "postgresql://u:SECRET@h:port/d"}}, "a: url is not a valid URL"),
        ({"a": {"url": "postgresql://u:SECRET@h:1"}}, "a: url names no database"),
        ({"a": {"url": URL, "transaction": False}}, 'a: transaction: false needs "read_only": false'),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, content: Any, expected: str) -> None:
    with pytest.raises(DatasourceError) as caught:
        load_datasources(written(tmp_path, content))
    assert expected in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_everything_that_is_wrong_is_listed(tmp_path: Path) -> None:
    with pytest.raises(DatasourceError, match=r"a: .*; b: "):
        load_datasources(written(tmp_path, {"a": {}, "b": {}}))
    with pytest.raises(DatasourceError, match="No such file"):
        load_datasources(tmp_path / "none.json")


def kind(name: str) -> PgType:
    scalar = name.removesuffix("[]")
    element = PgType(scalar, str)
    return element if scalar == name else PgType(name, str, element)


@pytest.mark.parametrize(
    ("value", "type_name", "expected"),
    [
        (None, "numeric", None),
        (1, "int4", "1"),
        (True, "bool", "true"),
        ("x", "text", "x"),
        (1.1, "numeric", "1.1"),
        ("1e400", "numeric", "1e400"),
        ("2026-11-23T12:00:00Z", "timestamptz", "2026-11-23T12:00:00Z"),
        ("infinity", "timestamptz", "infinity"),
        ("2026-11-23T12:00:00", "timestamp", "2026-11-23T12:00:00"),
        ("0044-03-15 BC", "timestamp", "0044-03-15 BC"),
        ({"a": [1]}, "jsonb", '{"a":[1]}'),
        ("x", "json", '"x"'),
        (["1.5", None], "numeric[]", '{"1.5",NULL}'),
        ([[1, 2], [3, 4]], "int4[]", '{{"1","2"},{"3","4"}}'),
        (['a"b\\'], "text[]", '{"a\\"b\\\\"}'),
        ([[1], {"a": 2}], "jsonb[]", '{"[1]","{\\"a\\":2}"}'),
        ([], "text[]", "{}"),
    ],
)
def test_parameters(value: Any, type_name: str, expected: str | None) -> None:
    assert converted([value], [kind(type_name)]) == [expected]


@pytest.mark.parametrize(
    ("value", "type_name"),
    [
        ([1], "numeric"),
        ({}, "text"),
        ("2026-11-23T12:00:00", "timestamptz"),
        ("2026-11-23", "timestamptz"),
        ("2026-11-23T12:00:00Z", "timestamp"),
        (["2026-11-23T12:00:00Z"], "timestamp[]"),
    ],
)
def test_parameters_that_would_be_misread_are_named(value: Any, type_name: str) -> None:
    with pytest.raises(ParameterError, match=r"params\[1\]"):
        converted([1, value], [kind("int4"), kind(type_name)])


def test_the_number_of_parameters_is_checked() -> None:
    with pytest.raises(ParameterError, match="the query has 2 parameters, params has 1"):
        converted([1], [kind("int4"), kind("int4")])


@pytest.mark.parametrize(
    ("text", "type_name", "expected"),
    [
        ("t", "bool", True),
        ("4611686018427387904", "int8", 2**62),
        ("1.5", "float8", 1.5),
        ("Infinity", "float8", "Infinity"),
        ("1.10", "numeric", "1.10"),
        ("2026-11-23 13:00:00.5+01", "timestamptz", "2026-11-23T12:00:00.500000Z"),
        ("0001-01-01 00:00:00+14", "timestamptz", "0001-01-01 00:00:00+14"),
        ("23.11.2026 13:00:00 CET", "timestamptz", "23.11.2026 13:00:00 CET"),
        ("P1D", "interval", "P1D"),
        ("anything", "a type of later", "anything"),
    ],
)
def test_values(text: str, type_name: str, expected: Any) -> None:
    assert reader(type_name)(text) == expected


@pytest.mark.parametrize("read", [reader("text"), reader("json"), reader("bytea"), array_reader(str, ",")])
def test_long_values_are_cut(read: Read) -> None:
    text = "{" + "1," * 10**6 + "1}"
    assert len(read(text)) < MAX_TEXT + 50
    assert read(text).endswith(" characters)")


def test_column_names_that_come_again_are_numbered() -> None:
    assert unique_names(["a", "b", "a", "a", "a_2"]) == ["a", "b", "a_2", "a_3", "a_2_2"]
