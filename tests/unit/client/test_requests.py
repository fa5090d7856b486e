"""Requests as they go over the wire, and the operations of the description."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from foliot.client import operations, types
from foliot.client.decoding import decoded
from foliot.client.exchange import Reply
from monitoring.client_operations import function_name

DESCRIBED = json.loads((Path(__file__).parents[3] / "docs/openapi.json").read_text())


def test_lists_labels_and_times_in_a_query() -> None:
    asked = operations.list_executions(
        status=["FAILED", "TIMEOUT"], label={"a": "b c", "d": "é"}, from_=datetime(2026, 11, 29, tzinfo=UTC), limit=3
    )
    assert asked.target == (
        "/v1/executions?limit=3&status=FAILED%2CTIMEOUT&label=a%3Db+c&label=d%3D%C3%A9&from=2026-11-29T00%3A00%3A00%2B00%3A00"
    )
    assert operations.revoke_key(3, force=True).target == "/v1/api-keys/3?force=true"
    assert operations.list_workers().target == "/v1/workers"


def test_the_next_page_is_the_same_list() -> None:
    asked = operations.list_jobs(q="a", limit=2)
    assert asked.after("c/d").target == "/v1/jobs?limit=2&cursor=c%2Fd&q=a"
    assert asked.target == "/v1/jobs?limit=2&q=a"


def test_every_operation_has_a_function() -> None:
    ids = [one["operationId"] for methods in DESCRIBED["paths"].values() for one in methods.values()]
    assert [one for one in ids if not callable(getattr(operations, function_name(one), None))] == []


@pytest.mark.parametrize("name", DESCRIBED["components"]["schemas"])
def test_every_shape_has_a_type_that_msgspec_can_decode(name: str) -> None:
    msgspec.json.Decoder(getattr(types, name))


def test_a_value_that_this_release_does_not_know_passes() -> None:
    body = b'{"matched": 1, "done": 1, "colour": "red"}'
    assert decoded(operations.replay_dead_letters({}), Reply(200, {}, body)) == types.LetterCount(matched=1, done=1)
    assert msgspec.convert("LATER", types.JobStatus) == "LATER"


def test_what_is_left_out_is_not_sent() -> None:
    assert msgspec.json.encode(types.JobPatch(priority=5)) == b'{"priority":5}'
    assert msgspec.json.encode(types.JobPatch(description=None)) == b'{"description":null}'
