"""Bad input: the right status, a message that names the field and the remedy, and nothing written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from .conftest import SCRIPT, Api


@pytest.fixture(autouse=True)
async def nothing_written(api: Api) -> AsyncIterator[None]:
    yield
    for table in ("jobs", "job_versions", "executions", "idempotency_keys"):
        assert (await api.rows(f"SELECT count(*) AS n FROM {table}"))[0]["n"] == 0
    audited = await api.rows("SELECT action FROM audit_logs WHERE action <> 'CREATE_KEY'")
    assert audited == []


FIELDS: list[tuple[dict[str, Any], str, str]] = [
    ({"schedule": "61 * * * *"}, "schedule", "column"),
    ({"schedule": "0 0 31 2 *"}, "schedule", "example"),
    ({"schedule": ""}, "schedule", "text of 1 to 100 characters"),
    ({"schedule": "* " * 5_000}, "schedule", "text of 1 to 100 characters"),
    ({"schedule": None}, "schedule", "must be text"),
    ({"schedule": "2001-01-01T00:00:00Z"}, "schedule", "passed"),
    ({"schedule": "R R * * *"}, "schedule", "R"),
    ({"timezone": "Mars/Olympus"}, "timezone", "Mars/Olympus"),
    ({"retry_policy": {"max_retries": -1}}, "retry_policy.max_retries", "from 0 to 100"),
    ({"retry_policy": {"retries": 1}}, "retry_policy.retries", "is not a field"),
    ({"retry_policy": []}, "retry_policy", "object"),
    ({"priority": 10}, "priority", "from 0 to 9"),
    ({"priority": "high"}, "priority", "whole number"),
    ({"timeout_seconds": 0}, "timeout_seconds", "from 1 to 604800 (seconds)"),
    ({"overlap_policy": "never"}, "overlap_policy", "queue_one"),
    ({"job_type": "cobol"}, "job_type", "http_request"),
    ({"job_type": "noop", "payload": {}}, "job_type", "http_request"),
    ({"job_name": ""}, "job_name", "1 to 255"),
    ({"job_name": "x" * 256}, "job_name", "1 to 255"),
    ({"job_name": "a\0b"}, "job_name", "NUL"),
    ({"payload": {"script": "a\0b"}}, "payload.script", "NUL"),
    ({"payload": {}}, "payload.script", "required"),
    ({"payload": {"script": "true", "shell": "zsh"}}, "payload.shell", "unknown field"),
    ({"payload": "true"}, "payload", "object"),
    ({"colour": "red"}, "colour", "is not a field"),
    ({"start_at": "2030-01-01T00:00:00"}, "start_at", "offset"),
    ({"start_at": "0001-01-01T00:00:00+14:00"}, "start_at", "1970"),
    ({"start_at": "2030-01-02T00:00:00Z", "end_at": "2030-01-01T00:00:00Z"}, "end_at", "later than start_at"),
    ({"end_at": "2001-01-01T00:00:00Z"}, "end_at", "no tick"),
    ({"labels": {"a": 1}}, "labels.a", "text"),
    ({"pool": "Über"}, "pool", "a-z"),
    ({"pool": "high"}, "pool", "not high"),
    ({"queue": "gpu"}, "queue", "is called pool"),
    ({"retry_policy": {"jitter": 2}}, "retry_policy.jitter", "ratio"),
    ({"retry_policy": {"max_backoff": -1}}, "retry_policy.max_backoff", "seconds"),
    ({"url": "http://a"}, "url", "belongs in payload"),
    ({"status": "PAUSED"}, "status", "read-only"),
    ({"max_runs": 0}, "max_runs", "from 1"),
]


@pytest.mark.parametrize(("fields", "field", "says"), FIELDS, ids=lambda v: str(v)[:40])
async def test_wrong_field(api: Api, fields: dict[str, Any], field: str, says: str) -> None:
    status, problem, headers = await api.call("POST", "/v1/jobs", SCRIPT | fields)
    assert status == 422, problem
    assert headers["Content-Type"].startswith("application/problem+json")
    assert problem["code"] == "invalid"
    messages = {error["field"]: error["message"] for error in problem["errors"]}
    assert says.lower() in messages[field].lower(), messages
    assert problem["request_id"] == headers["X-Request-Id"]


async def test_every_wrong_field_is_listed_at_once(api: Api) -> None:
    status, problem, _ = await api.call("POST", "/v1/jobs", {"job_type": "script", "priority": 99, "x": 1})
    assert status == 422
    assert {error["field"] for error in problem["errors"]} == {"job_name", "schedule", "payload", "priority", "x"}


async def test_each_nul_is_found_however_deep(api: Api) -> None:
    script = {"script": "true", "args": ["a", "b\0"], "env": {"A\0": "x"}}
    status, problem, _ = await api.call("POST", "/v1/jobs", SCRIPT | {"payload": script, "description": "\0"})
    assert status == 422
    assert {error["field"] for error in problem["errors"]} == {"payload.args[1]", "payload.env.A?", "description"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"a": NaN}',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b"[]",
        b"1",
    ],
    ids=range(9),
)
async def test_malformed_json(api: Api, data: bytes) -> None:
    status, problem = await api.raw("POST", "/v1/jobs", data)
    assert (status, problem["code"]) == (400, "malformed")


async def test_body_too_large(api: Api) -> None:
    status, problem = await api.raw("POST", "/v1/jobs", b'{"job_name": "' + b"x" * 2_000_000 + b'"}')
    assert (status, problem["code"]) == (413, "too_large")
    assert "1 MiB" in problem["detail"]


async def test_wrong_content_type(api: Api) -> None:
    status, problem = await api.raw("POST", "/v1/jobs", b"{}", **{"Content-Type": "text/plain"})
    assert (status, problem["code"]) == (415, "unsupported_media_type")
    assert "application/json" in problem["detail"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer " + "x" * 7_000])
async def test_no_or_wrong_key(api: Api, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with api.client.post("/v1/jobs", json=SCRIPT, headers=headers) as response:
        problem = await response.json(content_type=None)
    assert (response.status, problem["code"]) == (401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "path", ["/v1/jobs/1", "/v1/jobs/x", "/v1/jobs/99999999999999999999", "/v1/executions/1", "/v1/no"]
)
async def test_unknown_things(api: Api, path: str) -> None:
    status, problem, _ = await api.call("GET", path)
    assert (status, problem["code"]) == (404, "not_found")


async def test_unknown_job_for_each_step(api: Api) -> None:
    for method, path in [
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("POST", "/cancel"),
        ("POST", "/run"),
    ]:
        status, problem, _ = await api.call(method, f"/v1/jobs/77{path}", {} if method != "DELETE" else None)
        assert (status, problem["code"]) == (404, "not_found"), (method, path)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("cursor=zzz", "cursor"),
        ("status=LATE", "status"),
        ("colour=red", "colour"),
    ],
)
async def test_wrong_query(api: Api, query: str, field: str) -> None:
    status, problem, _ = await api.call("GET", f"/v1/jobs?{query}")
    assert status == 422
    assert [error["field"] for error in problem["errors"]] == [field]
