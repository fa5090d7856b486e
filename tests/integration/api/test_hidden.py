"""Secrets in headers and environments are shown to those alone who may change the job."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import SCRIPT, Api

HEADERS = {"Authorization": "Bearer s3cr3t", "X-Api-Key": "s3cr3t", "Accept": "text/plain"}
HTTP = {"job_type": "http_request", "payload": {"url": "http://example.com/", "headers": HEADERS}}
ENV = {"payload": {"script": "true", "env": {"DB_PASSWORD": "s3cr3t", "LANG": "C"}}}


@pytest.mark.parametrize("role", ["viewer", "runner"])
@pytest.mark.parametrize("fields", [HTTP, ENV])
async def test_who_only_reads_does_not_see_them(api: Api, role: str, fields: dict[str, Any]) -> None:
    job = await api.create(**fields)
    reader = {"Authorization": f"Bearer {await api.key_for(role)}"}
    for path in (f"/v1/jobs/{job['job_id']}", "/v1/jobs?limit=200"):
        answer = (await api.call("GET", path, **reader))[1]
        assert "s3cr3t" not in str(answer)
    shown = (await api.call("GET", f"/v1/jobs/{job['job_id']}", **reader))[1]["payload"]
    values = shown.get("headers") or shown["env"]
    assert sorted(set(values.values())) == ["(hidden)", "text/plain" if "headers" in shown else "C"]


async def test_who_may_change_the_job_sees_them(api: Api) -> None:
    job = await api.create(**HTTP)
    operator = {"Authorization": f"Bearer {await api.key_for('operator')}"}
    assert (await api.call("GET", f"/v1/jobs/{job['job_id']}", **operator))[1]["payload"]["headers"] == HEADERS


async def test_the_marker_sent_back_is_refused_by_name(api: Api) -> None:
    job = await api.create(**HTTP)
    marked = {"url": "http://example.com/", "headers": HEADERS | {"Authorization": "(hidden)"}}
    requests = [
        ("POST", "/v1/jobs", SCRIPT | HTTP | {"payload": marked}),
        ("PATCH", f"/v1/jobs/{job['job_id']}", {"payload": marked}),
        ("POST", f"/v1/jobs/{job['job_id']}/run", {"payload": marked}),
    ]
    for method, path, body in requests:
        status, answer, _ = await api.call(method, path, body)
        assert (status, [e["field"] for e in answer["errors"]]) == (422, ["payload.headers.Authorization"]), path
        assert "this value was hidden from you" in answer["errors"][0]["message"]


async def test_a_patch_beside_them_keeps_what_is_stored(api: Api) -> None:
    job = await api.create(**HTTP)
    _, edited, _ = await api.call("PATCH", f"/v1/jobs/{job['job_id']}", {"payload": {"headers": {"Accept": "a/b"}}})
    assert edited["payload"]["headers"] == HEADERS | {"Accept": "a/b"}
