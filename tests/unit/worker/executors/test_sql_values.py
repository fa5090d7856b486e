"""Data sources, parameters and rows, without a server."""

import datetime as dt
import json
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from foliot.worker.executors.datasources import Datasource, DatasourceError, load_datasources
from foliot.worker.executors.sql.params import ParameterError, converted
from foliot.worker.executors.sql.rows import MAX_TEXT, plain, unique_names

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


def types(*names: str) -> list[asyncpg.Type]:
    return [asyncpg.Type(oid=0, name=name, kind="scalar", schema="pg_catalog") for name in names]


NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, "numeric", None),
        (1, "int4", 1),
        ("x", "text", "x"),
        (1, "numeric", Decimal(1)),
        (1.1, "numeric", Decimal("1.1")),
        ("1e400", "numeric", Decimal("1e400")),
        ("\\x00ff", "bytea", b"\0\xff"),
        ("2026-11-23", "date", dt.date(2026, 11, 23)),
        ("12:00:01", "time", dt.time(12, 0, 1)),
        ("2026-11-23T12:00:00Z", "timestamptz", NOON),
        ("2026-11-23 13:00:00+01:00", "timestamptz", NOON),
        ("2026-11-23T12:00:00", "timestamp", NOON.replace(tzinfo=None)),
        ("PT90S", "interval", dt.timedelta(seconds=90)),
        ({"a": [1]}, "jsonb", '{"a":[1]}'),
        ("x", "json", '"x"'),
        (["1.5", None], "numeric[]", [Decimal("1.5"), None]),
        ([["2026-11-23"]], "date[]", [["2026-11-23"]]),
    ],
)
def test_parameters(value: Any, kind: str, expected: Any) -> None:
    if kind == "date[]":
        value, expected = value[0], [dt.date(2026, 11, 23)]
    assert converted([value], types(kind)) == [expected]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("x", "numeric"),
        (True, "numeric"),
        ([1], "numeric"),
        ("00ff", "bytea"),
        ("\\x0", "bytea"),
        (1, "date"),
        ("2026-13-01", "date"),
        ("2026-11-23T12:00:00", "timestamptz"),
        ("2026-11-23T12:00:00Z", "timestamp"),
        ("90 seconds", "interval"),
        (["x"], "numeric[]"),
    ],
)
def test_parameters_that_do_not_fit_are_named(value: Any, kind: str) -> None:
    with pytest.raises(ParameterError, match=r"params\[1\]"):
        converted([1, value], types("int4", kind))


def test_the_number_of_parameters_is_checked() -> None:
    with pytest.raises(ParameterError, match="the query has 2 parameters, params has 1"):
        converted([1], types("int4", "int4"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (2**62, 2**62),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (Decimal("1.10"), "1.10"),
        (Decimal("1E+3"), "1000"),
        (Decimal("NaN"), "NaN"),
        ("x", "x"),
        (b"\0\xff", "\\x00ff"),
        (NOON, "2026-11-23T12:00:00.000000Z"),
        (NOON.astimezone(dt.timezone(dt.timedelta(hours=1))), "2026-11-23T12:00:00.000000Z"),
        (NOON.replace(tzinfo=None), "2026-11-23T12:00:00.000000"),
        (dt.datetime.max.replace(tzinfo=dt.UTC), "infinity"),
        (dt.datetime.min.replace(tzinfo=dt.UTC), "-infinity"),
        (dt.date(2026, 11, 23), "2026-11-23"),
        (dt.time(12, 0, 1), "12:00:01"),
        (dt.timedelta(days=1, seconds=2), "P1DT2S"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (ip_address("::1"), "::1"),
        ([1, [Decimal(2), None]], [1, ["2", None]]),
        (asyncpg.Range(1, 5), "[1,5)"),
        (asyncpg.Range(None, Decimal("1.5"), upper_inc=True), "(,1.5]"),
        (asyncpg.Range(empty=True), "empty"),
        (asyncpg.BitString("0101 01"), "010101"),
        (asyncpg.Point(1, 2), [1.0, 2.0]),
        (asyncpg.Path((1, 2), (3, 4)), [[1.0, 2.0], [3.0, 4.0]]),
    ],
)
def test_values_as_json(value: Any, expected: Any) -> None:
    assert plain(value) == expected


@pytest.mark.parametrize("value", ["x" * 10**6, b"x" * 10**6, Decimal("1" + "0" * 9_999)])
def test_long_values_are_cut(value: Any) -> None:
    assert len(plain(value)) < MAX_TEXT + 50
    assert plain(value).endswith(" characters)")


def test_column_names_that_come_again_are_numbered() -> None:
    assert unique_names(["a", "b", "a", "a", "a_2"]) == ["a", "b", "a_2", "a_3", "a_2_2"]
