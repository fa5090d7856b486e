"""The guard of the description is awake: an answer that docs/openapi.json does not describe is found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.described import faults

TICK = {
    "scheduled_time": "2026-11-20T12:00:00.000000Z", "local": "2026-11-20T13:00:00+01:00", "outcome": "COMPLETED",
    "expected": True, "reason": None, "execution_id": 5, "attempts": 1, "lateness_ms": 3, "job_version": 1,
}  # fmt: skip
PAGE = {"items": [TICK], "next_from": None}
PROBLEM = {
    "type": "/docs/errors#not_found", "title": "Not Found", "status": 404, "detail": "there is no job 7",
    "code": "not_found", "request_id": "r", "errors": [],
}  # fmt: skip
JSON = {"Content-Type": "application/json"}


def found(body: Any, status: int = 200, path: str = "/v1/jobs/7/timeline", **headers: str) -> list[str]:
    kind = "application/json" if status < 400 else "application/problem+json"
    return faults("GET", path, status, {"Content-Type": kind} | headers, json.dumps(body))


def test_what_is_described_passes() -> None:
    assert found(PAGE) == []
    assert found(PROBLEM, 404) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"scheduled_time": "2026-11-20T12:00:00Z"}, "date-time"),
        ({"attempts": "1"}, "is not of type 'integer'"),
        ({"outcome": 5}, "5 is not"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_member_is_found(change: dict[str, Any], says: str) -> None:
    assert says in str(found({**PAGE, "items": [TICK | change]}))
    many = [TICK] * 100
    assert says in str(found({**PAGE, "items": [*many, TICK | change]}))


def test_a_missing_member_is_found() -> None:
    for name in TICK:
        assert name in str(found({**PAGE, "items": [{key: value for key, value in TICK.items() if key != name}]}))


def test_a_status_a_header_a_type_and_a_code_that_are_not_described_are_found() -> None:
    assert found(PAGE, 299) == ["the status 299 is not described"]
    assert found(PAGE, ETag='"1"') == ["the header ETag is not described"]
    assert found({}, path="/v1/jobs/7")[0] == "the header ETag is missing"
    assert found(PAGE, **{"Content-Type": "text/html"}) == ["Content-Type text/html, not application/json"]
    assert "overlap" in str(found(PROBLEM | {"code": "overlap"}, 404))
    assert found({}, path="/v1/nothing") == ["200 of no operation"]
    assert faults("DELETE", "/v1/jobs/7", 204, {}, "text") == ["a body is not described"]
