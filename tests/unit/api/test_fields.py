"""Fields of a body: every wrong one at once, in words of ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import pytest

from foliot.api.handlers.api_keys import NewKey
from foliot.api.jobs.dead_letters import LetterFilter, LetterRequest
from foliot.api.jobs.definition import JobDefinition
from foliot.api.jobs.retry_fields import RetryFields
from foliot.api.jobs.run_now import RunOverride
from foliot.api.preview.request import PreviewRequest
from foliot.api.web.fields import convert_fields
from foliot.common.model.payloads import JOB_TYPES
from foliot.common.model.payloads.checks import PayloadError

Meta = msgspec.Meta


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=3)]
    size: Annotated[int, Meta(ge=0, le=9)] = 5
    at: datetime | None = None


STRUCTS = (JobDefinition, RetryFields, PreviewRequest, LetterRequest, LetterFilter, NewKey, RunOverride)
WRONG: tuple[Any, ...] = (
    None, True, -1, 0, 2**70, 1.5, 1e308, "", "x" * 20_000, "Expected", [], [None], ["x", 1], {}, {"a": None}, {"a": 1},
)  # fmt: skip
LIBRARY = re.compile(r"`|Expected|Object|\$|\bgot\b|\bstr\b|\bint\b|\bfloat\b|\barray\b|Invalid|length >=|unknown-key")
"""Words by which a library speaks."""


@pytest.mark.parametrize("shape", STRUCTS, ids=lambda shape: shape.__name__)
def test_no_field_speaks_a_librarys_english(shape: type[msgspec.Struct]) -> None:
    said = 0
    for field in shape.__struct_fields__:
        for value in WRONG:
            for error in convert_fields({field: value}, shape)[1]:
                said += 1
                assert not LIBRARY.search(error.message), (field, value, error)
    assert said


@pytest.mark.parametrize("job_type", [kind for kind in JOB_TYPES.values() if kind.public], ids=lambda kind: kind.name)
def test_no_payload_speaks_a_librarys_english(job_type: Any) -> None:
    for field in job_type.payload.__struct_fields__:
        for value in WRONG:
            with pytest.raises(PayloadError) as refused:
                job_type.decode({field: value, "nonsense": 1})
            for name, message in refused.value.errors:
                assert not LIBRARY.search(message), (name, value, message)


@pytest.mark.parametrize("shape", STRUCTS, ids=lambda shape: shape.__name__)
def test_a_number_says_its_unit_where_its_name_does_not_count(shape: type[msgspec.Struct]) -> None:
    for name in set(shape.__struct_fields__) & {
        "timeout_seconds",
        "max_backoff",
        "max_age",
        "jitter",
        "rate",
        "backoff_factor",
    }:
        (error,) = (error for error in convert_fields({name: -1}, shape)[1] if error.field == name)
        assert re.search(r"\((seconds|a ratio.*|runs a second)\)", error.message), error


def test_only_what_was_given_is_a_value() -> None:
    assert convert_fields({"name": "ab"}, Body) == ({"name": "ab"}, [])


def test_every_wrong_field_is_named_and_the_right_ones_are_kept() -> None:
    values, errors = convert_fields({"size": 10, "at": "2030-01-01T01:00:00+01:00", "x": 1}, Body, "filter.")
    assert values == {"at": datetime(2030, 1, 1, tzinfo=UTC)}
    assert [(error.field, error.message) for error in errors] == [
        ("filter.x", "is not a field; the fields are name, size, at"),
        ("filter.name", "is required"),
        ("filter.size", "must be a whole number from 0 to 9"),
    ]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("queue", "is called pool"), ("retries", "is called retry_policy"), ("cron", "is called schedule"),
        ("timeout", "is called timeout_seconds"), ("name", "is called job_name"), ("interval", "is called schedule"),
        ("Job_Name", "did you mean job_name?"), ("prioriti", "did you mean priority?"), ("url", "belongs in payload"),
        ("command", "belongs in payload"), ("job_id", "is read-only: leave it out"), ("status", "is read-only: leave it out"),
    ],
)  # fmt: skip
def test_a_name_that_is_nearly_right(name: str, says: str) -> None:
    (error,) = (error for error in convert_fields({name: "x"}, JobDefinition)[1] if error.field == name)
    assert says in error.message


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
