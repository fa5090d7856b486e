"""Messages of msgspec in plain words, and every wrong field at once."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest

from foliot.api.web.fields import PLAIN_WORDS, convert_fields, plain

Meta = msgspec.Meta


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=3)]
    size: Annotated[int, Meta(ge=0, le=9)] = 5
    at: datetime | None = None


def refusal(hint: Any, value: Any) -> str:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(value, hint)
    return str(refused.value)


ROWS = [
    ("Expected `str` of length", Annotated[str, Meta(max_length=3)], "long", "must have a length <= 3"),
    ("Expected `str", str, 1, "must be text, got int"),
    ("Expected `str", str | None, 1, "must be text | null, got int"),
    ("Expected `int", int, "x", "must be a whole number, got str"),
    ("Expected `int", Annotated[int, Meta(le=9)], 10, "must be a whole number <= 9"),
    ("Expected", dict[str, Any], 1, "must be object, got int"),
    ("Expected", Annotated[float, Meta(gt=0)], 0.0, "must be float > 0.0"),
    ("Invalid enum value", Literal["red", "blue"], "green", "is 'green'; one of red, blue"),
    ("Invalid enum value", Colour, "green", "is 'green'; one of red, blue"),
    (
        "Invalid RFC3339 encoded datetime", datetime, "noon",
        "is not an RFC 3339 time such as 2030-01-31T09:00:00Z",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("beginning", "hint", "value", "words"), ROWS)
def test_a_message_in_plain_words(beginning: str, hint: Any, value: Any, words: str) -> None:
    message = refusal(hint, value)
    assert next(known for known, _ in PLAIN_WORDS if message.startswith(known)) == beginning
    assert plain(message, hint) == words


def test_each_row_of_the_table_is_tested() -> None:
    assert {beginning for beginning, *_ in ROWS} == {beginning for beginning, _ in PLAIN_WORDS}


def test_the_words_of_a_caller_stay_as_they_are() -> None:
    assert plain(refusal(Colour, "Expected int"), Colour) == "is 'Expected int'; one of red, blue"


def test_only_what_was_given_is_a_value() -> None:
    assert convert_fields({"name": "ab"}, Body) == ({"name": "ab"}, [])


def test_every_wrong_field_is_named_and_the_right_ones_are_kept() -> None:
    values, errors = convert_fields({"size": 10, "at": "2030-01-01T01:00:00+01:00", "x": 1}, Body, "filter.")
    assert values == {"at": datetime(2030, 1, 1, tzinfo=UTC)}
    assert [(error.field, error.message) for error in errors] == [
        ("filter.x", "is not a field; the fields are name, size, at"),
        ("filter.name", "is required"),
        ("filter.size", "must be a whole number <= 9"),
    ]


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2030-01-01T00:00:00", "needs an offset or Z"),
        ("1969-12-31T23:59:59Z", "must lie between 1970 and 9998"),
        ("9999-12-31T23:59:59-23:00", "must lie between 1970 and 9998"),
        ("0001-01-01T00:00:00+23:00", "must lie between 1970 and 9998"),
    ],
)
def test_a_time_that_cannot_be_stored_is_refused_even_if_all_else_is_right(at: str, words: str) -> None:
    values, (error,) = convert_fields({"name": "a", "at": at}, Body)
    assert values == {"name": "a"}
    assert error.field == "at"
    assert words in error.message
