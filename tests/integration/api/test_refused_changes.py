"""Changes that are refused: conditions that do not hold, members that are none, numbers that would become others."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import SCRIPT, Api

HTTP = {"job_name": "a call", "job_type": "http_request", "schedule": "manual", "payload": {"url": "http://127.0.0.1/"}}


def created(job_type: str, payload: str) -> str:
    return f'{{"job_name": "a", "job_type": "{job_type}", "schedule": "manual", "payload": {payload}}}'


async def edited(api: Api) -> dict[str, Any]:
    """A job of version 2."""
    job = await api.create()
    status, found, _ = await api.call("PATCH", f"/v1/jobs/{job['job_id']}", {"priority": 1})
    assert (status, found["version"]) == (200, 2)
    return job


@pytest.mark.parametrize(
    ("if_match", "expected"),
    [('"1", "2"', 200), ('"2"', 200), ("*", 200), ('W/"1", "2"', 200), ('"1"', 412), ('"1", "3"', 412), ('W/"2"', 412)],
)
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_if_match(api: Api, method: str, if_match: str, expected: int) -> None:
    job = await edited(api)
    body = {"priority": 2} if method == "PATCH" else None
    status, problem, _ = await api.call(method, f"/v1/jobs/{job['job_id']}", body, If_Match=if_match)
    assert status == (204 if method == "DELETE" and expected == 200 else expected)
    if expected == 412:
        assert problem["code"] == "stale_version"
        assert ("weak" in problem["detail"]) == ("W/" in if_match)


@pytest.mark.parametrize(
    ("name", "says"), [("evil", "is not a field"), ("job_id", "read-only"), ("user_id", "read-only")]
)
@pytest.mark.parametrize("value", [None, 1])
async def test_a_patch_of_what_is_no_field(api: Api, name: str, says: str, value: Any) -> None:
    job = await api.create()
    status, problem, _ = await api.call("PATCH", f"/v1/jobs/{job['job_id']}", {name: value})
    assert status == 422, problem
    assert [error["field"] for error in problem["errors"]] == [name]
    assert says in problem["errors"][0]["message"]


@pytest.mark.parametrize(
    "number", ["12345678901234567890123", "18446744073709551616", "1e400", "0.12345678901234567890"]
)
async def test_a_number_that_would_become_another(api: Api, number: str) -> None:
    job = await api.create(**HTTP)
    path = f"/v1/jobs/{job['job_id']}"
    payload = f'{{"url": "http://127.0.0.1/", "body": {{"id": [{number}]}}}}'
    for method, target, body in (
        ("POST", "/v1/jobs", created("http_request", payload)),
        ("PATCH", path, f'{{"payload": {payload}}}'),
        ("POST", f"{path}/run", f'{{"payload": {payload}}}'),
    ):
        status, problem = await api.raw(method, target, body.encode())
        assert status == 422, (method, target, problem)
        assert [error["field"] for error in problem["errors"]] == ["payload.body.id[0]"]
        assert "write it as text" in problem["errors"][0]["message"]
    query = f'{{"datasource": "demo", "query": "SELECT $1", "params": [{number}]}}'
    status, problem = await api.raw("POST", "/v1/jobs", created("sql_query", query).encode())
    assert [error["field"] for error in problem["errors"]] == ["payload.params[0]"]


async def test_the_largest_numbers_are_kept(api: Api) -> None:
    numbers = {"u": 2**64 - 1, "i": -(2**63), "f": 0.1, "exact": 2**53 + 1}
    job = await api.create(**HTTP | {"payload": HTTP["payload"] | {"body": numbers}})  # type: ignore[operator]
    _, read, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}")
    assert read["payload"]["body"] == numbers


async def test_a_jobs_name_may_be_anything_that_can_be_kept(api: Api) -> None:
    name = '😱\n{"level":"ERROR"}\u2028'
    assert (await api.create(**SCRIPT | {"job_name": name}))["job_name"] == name


async def test_a_rate_that_nobody_could_wait_for(api: Api) -> None:
    for rate in (1e-300, 1e-15, 0, -1):
        status, problem, _ = await api.call("POST", "/v1/dead-letters/replay", {"filter": {}, "rate": rate})
        assert status == 422
        assert problem["errors"][0]["message"] == "must be a number from 0.001 to 100000 (runs a second) or null"
