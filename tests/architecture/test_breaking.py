"""No change of the API breaks a client of the last release; each rule by which that is judged is red once."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openapi.breaking import breaking

DOCS = Path(__file__).parents[2] / "docs"
RELEASED: dict[str, Any] = json.loads((DOCS / "openapi.released.json").read_text())
Change = Callable[[dict[str, Any]], Any]


def test_nothing_breaks_a_client_of_the_last_release() -> None:
    assert breaking(RELEASED, json.loads((DOCS / "openapi.json").read_text())) == []


def shape(document: dict[str, Any], name: str) -> Any:
    return document["components"]["schemas"][name]


def operation(document: dict[str, Any], method: str = "get", path: str = "/v1/jobs") -> Any:
    return document["paths"][path][method]


def parameter(document: dict[str, Any], name: str) -> Any:
    return next(one for one in operation(document)["parameters"] if one["name"] == name)


def member(document: dict[str, Any], of: str, name: str) -> Any:
    return shape(document, of)["properties"][name]


BREAKING: dict[str, tuple[Change, str]] = {
    "an operation": (lambda d: d["paths"]["/v1/workers"].pop("get"), "GET /v1/workers: the operation is removed"),
    "a name": (lambda d: operation(d).update(operationId="jobs"), "its name listJobs is now jobs"),
    "a role": (lambda d: operation(d).update({"x-role": "admin"}), "it needs the role admin"),
    "a parameter": (lambda d: operation(d)["parameters"].remove(parameter(d, "q")), "the parameter q is removed"),
    "a required parameter": (lambda d: parameter(d, "q").update(required=True), "the parameter q is newly required"),
    "an enum of a parameter": (
        lambda d: parameter(d, "sort")["schema"]["enum"].remove("job_name"), "sort may not be job_name any more",
    ),
    "a field": (lambda d: shape(d, "NewScriptJob")["properties"].pop("pool"), "body.pool is removed"),
    "a required field": (lambda d: shape(d, "NewScriptJob")["required"].append("pool"), "body.pool is newly required"),
    "a required field inside": (
        lambda d: shape(d, "Script").setdefault("required", []).append("args"), "body.payload.args is newly required",
    ),
    "an enum": (
        lambda d: shape(d, "OverlapPolicy")["enum"].remove("allow"), "body.overlap_policy may not be allow any more",
    ),
    "a new enum": (lambda d: member(d, "NewScriptJob", "pool").update(enum=["default"]), "body.pool may not be any text"),
    "a bound above": (lambda d: member(d, "NewScriptJob", "priority").update(maximum=5), "maximum is 5 instead of 9"),
    "a bound below": (lambda d: member(d, "NewScriptJob", "priority").update(minimum=1), "minimum is 1 instead of 0"),
    "a pattern": (lambda d: member(d, "NewScriptJob", "pool").update(pattern="x"), "body.pool: its pattern"),
    "null": (
        lambda d: shape(d, "NewScriptJob")["properties"].update(end_at={"type": "string"}), "body.end_at may not be null",
    ),
    "a type of a request": (lambda d: member(d, "NewScriptJob", "pool").update(type="integer"), "may not be string"),
    "a job type": (lambda d: shape(d, "NewJob")["oneOf"].pop(), "body may not be NewSqlQueryJob any more"),
    "a body": (lambda d: operation(d, "post").pop("requestBody"), "its body is removed"),
    "a required body": (
        lambda d: operation(d, "post", "/v1/jobs/{job_id}/run")["requestBody"].update(required=True),
        "a body is newly required",
    ),
    "a type of content": (
        lambda d: operation(d, "patch", "/v1/jobs/{job_id}")["requestBody"]["content"].pop("application/json"),
        "application/json is not taken any more",
    ),
    "a status": (lambda d: operation(d)["responses"].pop("200"), "the answer 200 is removed"),
    "a header": (
        lambda d: operation(d, "post")["responses"]["201"]["headers"].pop("ETag"), "the header ETag of 201 is removed",
    ),
    "a member of an answer": (lambda d: shape(d, "Execution")["properties"].pop("pool"), "200.items[].pool is removed"),
    "a member that may be missing": (
        lambda d: shape(d, "Execution")["required"].remove("pool"), "200.items[].pool may be missing",
    ),
    "a type of an answer": (
        lambda d: member(d, "Execution", "pool").update(type="integer"), "200.items[].pool may also be integer",
    ),
    "null in an answer": (
        lambda d: shape(d, "Execution")["properties"].update(pool={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        "200.items[].pool may also be null",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKING)
def test_a_breaking_change_is_named(name: str) -> None:
    change, says = BREAKING[name]
    new = copy.deepcopy(RELEASED)
    change(new)
    assert says in "\n".join(breaking(RELEASED, new))


COMPATIBLE: dict[str, Change] = {
    "an operation": lambda d: d["paths"].update({"/v1/more": operation(d)}),
    "a parameter": lambda d: operation(d)["parameters"].append({"in": "query", "name": "more", "schema": {}}),
    "a field": lambda d: shape(d, "NewScriptJob")["properties"].update(more={"type": "string"}),
    "a word of an enum": lambda d: shape(d, "OverlapPolicy")["enum"].append("more"),
    "a member of an answer": lambda d: shape(d, "Execution")["properties"].update(more={"type": "string"}),
    "a name in a path": lambda d: d["paths"].update({"/v1/jobs/{id}": d["paths"].pop("/v1/jobs/{job_id}")}),
    "words": lambda d: operation(d).update(summary="more"),
}


@pytest.mark.parametrize("name", COMPATIBLE)
def test_what_only_adds_breaks_nothing(name: str) -> None:
    new = copy.deepcopy(RELEASED)
    COMPATIBLE[name](new)
    assert breaking(RELEASED, new) == []
