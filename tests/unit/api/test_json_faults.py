"""What a JSON parser takes without a word, found and named: depth, NUL, numbers that would become others."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foliot.api.web.bodies import parse_object
from foliot.api.web.json_faults import MAX_DEPTH
from foliot.common.errors import Invalid, Malformed


def refused(raw: bytes) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        parse_object(raw)
    return {error.field: error.message for error in caught.value.errors}


@pytest.mark.parametrize(
    "number",
    [
        "12345678901234567890123", "18446744073709551616", "-9223372036854775809", "1e400", "-1e400", "1e-400",
        "3.14159265358979323846", "9007199254740993.0", "1" * 5_000, "1." + "1" * 5_000, "123456789.123456789012",
        "1e99999999999999999999", "1e-99999999999999999999",
    ],
)  # fmt: skip
def test_a_number_that_would_become_another(number: str) -> None:
    raw = f'{{"payload": {{"body": {{"id": [1, {number}]}}}}, "b": 1}}'.encode()
    assert refused(raw) == {
        "payload.body.id[1]": "is a number that would not be kept exactly: write it as text, in quotes"
    }


@pytest.mark.parametrize(
    "number",
    [
        "18446744073709551615", "-9223372036854775808", "9007199254740993", "0.1", "1.10", "1e2", "1E+2", "1e308",
        "0.30000000000000004", "1e22", "-0.0", "0e999", "0.00000000000000000000", "5e-324", "100000000000000000000e-3",
    ],
)  # fmt: skip
def test_a_number_that_is_kept(number: str) -> None:
    assert parse_object(f'{{"a": {number}}}'.encode()) == {"a": json.loads(number)}


def test_digits_in_a_text_are_no_number() -> None:
    assert parse_object(b'{"a": "12345678901234567890123 1e400"}') == {"a": "12345678901234567890123 1e400"}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None))
def test_whatever_passes_means_what_was_written(number: Any) -> None:
    text = f'{{"a": {number!s}}}'.replace("E+", "e")
    try:
        kept = parse_object(text.encode())["a"]
    except Invalid:
        return
    except Malformed:
        with pytest.raises(ValueError, match="."):
            orjson.loads(text)
        return
    assert type(number)(repr(kept)) == number


@pytest.mark.parametrize("inside", [b"1", b'"\\u0000"', b"1e400"])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 254, 300, 500, 1_000])
def test_what_is_nested_too_deeply_is_named(depth: int, inside: bytes) -> None:
    raw = b'{"a": 1, "b": ' + b"[" * depth + inside + b"]" * depth + b"}"
    if inside == b"1e400":
        with pytest.raises((Invalid, Malformed)):
            parse_object(raw)
        return
    assert refused(raw) == {"b": f"is nested deeper than {MAX_DEPTH} levels"}


def test_many_brackets_beside_one_another_are_not_deep() -> None:
    assert parse_object(b'{"a": [' + b"[]," * 500 + b"[]]}")


def test_what_is_no_json_says_where() -> None:
    with pytest.raises(Malformed, match="the body is not JSON: look at line 2, column 1$"):
        parse_object(b'{"a":\n}')
    for raw in (b'{"a": NaN}', b'{"a": 12345678901234567890123, "b": NaN}', b"[" * 100_000):
        with pytest.raises(Malformed):
            parse_object(raw)
