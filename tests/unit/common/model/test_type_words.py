"""Types in words: every bound, unit and form of a field in the error of a wrong value."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from foliot.common.model.type_words import MAX_FAULTS, faults, must_be


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


ROWS: list[tuple[Any, str]] = [
    (str, "must be text"),
    (Annotated[str, Meta(min_length=1, max_length=3)], "must be text of 1 to 3 characters"),
    (Annotated[str, Meta(max_length=3)] | None, "must be text of at most 3 characters or null"),
    (Annotated[str, Meta(min_length=1, extra={"form": "in one line"})], "must be text of at least 1 characters, in one line"),
    (Annotated[int, Meta(ge=0, le=9)], "must be a whole number from 0 to 9"),
    (Annotated[int, Meta(ge=1)], "must be a whole number of at least 1"),
    (Annotated[float, Meta(gt=0, le=31_622_400, extra={"unit": "seconds"})],
     "must be a number above 0 and of at most 31622400 (seconds)"),
    (Annotated[int, Meta(ge=1, le=2**62)], f"must be a whole number from 1 to {2**62}"),
    (bool, "must be true or false"),
    (dict[str, Any], "must be an object"),
    (dict[str, str], "must be an object of texts"),
    (tuple[str, ...], "must be a list of texts"),
    (Annotated[list[Annotated[int, Meta(ge=1)]], Meta(max_length=5)],
     "must be a list of whole numbers of at most 5 elements"),
    (list[int | str], "must be a list of a whole number or text"),
    (tuple[Any, ...], "must be a list"),
    (Literal["red", "blue"], "must be one of blue, red"),
    (Colour, "must be one of red, blue"),
    (datetime, "must be an RFC 3339 time such as 2030-01-31T09:00:00Z"),
]  # fmt: skip


@pytest.mark.parametrize(("hint", "words"), ROWS, ids=lambda row: str(row)[:50])
def test_a_type_in_words(hint: Any, words: str) -> None:
    assert must_be(hint) == words


def test_each_wrong_element_is_named() -> None:
    assert list(faults("labels", {"a": 1, "b": "x", "c": None}, dict[str, str])) == [
        ("labels.a", "must be text"),
        ("labels.c", "must be text"),
    ]
    assert list(faults("ids", [1, "x"], Annotated[list[int], Meta(max_length=3)] | None)) == [
        ("ids[1]", "must be a whole number")
    ]


def test_a_container_that_is_too_long_is_named_itself() -> None:
    assert list(faults("ids", [1, 2], Annotated[list[int], Meta(max_length=1)])) == [
        ("ids", "must be a list of whole numbers of at most 1 elements")
    ]


def test_few_of_many_wrong_elements_are_named() -> None:
    assert len(list(faults("labels", dict.fromkeys(map(str, range(1_000))), dict[str, str]))) == MAX_FAULTS
