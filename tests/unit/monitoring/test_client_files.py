"""The client is made of any description: shapes that today's API does not have yet."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import msgspec
import pytest

from monitoring.client_operations import operations_module
from monitoring.client_types import types_module

REF = "#/components/schemas/"
SCHEMAS = {
    "Bucket": {"type": "object", "properties": {"from": {"type": "string", "format": "date-time"}, "a-b": {"type": "integer"}}, "required": ["from"]},
    "Kind": {"enum": [1, 2]},
    "Status": {"type": "string", "enum": ["A", "B"]},
    "Names": {"type": "array", "items": {"type": "string"}},
    "Either": {"oneOf": [{"$ref": f"{REF}Bucket"}, {"$ref": f"{REF}Other"}]},
    "Other": {"type": "object", "properties": {"x": {"type": ["integer", "null"]}, "y": {"oneOf": [{"$ref": f"{REF}Bucket"}, {"type": "null"}]}}},
}  # fmt: skip


def answer(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


PATHS = {
    "/v1/things/by-key/{key}": {
        "post": {
            "operationId": "doThing", "summary": "Do it",
            "parameters": [{"name": "key", "in": "path", "schema": {"type": "string"}}, {"name": "from", "in": "query", "schema": {}}],
            "requestBody": {"content": {"application/json": {"schema": {"oneOf": []}}, "application/x-ndjson": {}}},
            "responses": {"200": answer({"$ref": f"{REF}Bucket"}), "202": answer({"$ref": f"{REF}Other"}), "404": answer({})},
        }
    }
}  # fmt: skip
DOCUMENT = {"paths": PATHS, "components": {"schemas": SCHEMAS}}


def test_types_of_every_form(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("made_types")
    monkeypatch.setitem(sys.modules, "made_types", module)
    made = module.__dict__
    exec(types_module(DOCUMENT), made)
    bucket = msgspec.json.decode(b'{"from": "2026-11-29T00:00:00Z", "a-b": 5}', type=made["Bucket"])
    assert (bucket.from_.year, bucket.a_b_) == (2026, 5)
    other = msgspec.json.decode(b'{"x": null, "y": null}', type=made["Other"])
    assert (other.x, other.y) == (None, None)
    assert made["Names"] == list[str]
    assert made["Either"] == dict[str, Any]


def test_an_operation_with_two_answers() -> None:
    made: dict[str, Any] = {}
    exec(operations_module(DOCUMENT), made)
    request = made["do_thing"]("a/b", [], from_="x")
    assert request.target == "/v1/things/by-key/a%2Fb?from=x"
    assert (request.answer, request.others, request.keyed, request.repeatable) == (
        "Bucket",
        {202: "Other"},
        False,
        False,
    )
