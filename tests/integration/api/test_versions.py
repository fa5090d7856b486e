"""Versions of a job: each definition, who made it, what it changed; and the way back to one."""

from __future__ import annotations

from typing import Any

import pytest

from foliot.api.jobs.differences import differences

from .conftest import SCRIPT, Api

HTTP = {
    "job_type": "http_request",
    "payload": {"url": "http://example.com/", "headers": {"Authorization": "Bearer s3cr3t", "Accept": "a/b"}},
}


async def versions(api: Api, job: dict[str, Any], query: str = "", **headers: str) -> Any:
    status, page, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}/versions{query}", **headers)
    assert status == 200, page
    return page


async def edit(api: Api, job: dict[str, Any], **fields: Any) -> Any:
    status, edited, _ = await api.call("PATCH", f"/v1/jobs/{job['job_id']}", fields)
    assert status == 200, edited
    return edited


async def rollback(api: Api, job: dict[str, Any], version: int, **headers: str) -> tuple[int, Any]:
    path = f"/v1/jobs/{job['job_id']}/rollback"
    status, answer, _ = await api.call("POST", path, {"version": version}, **headers)
    return status, answer


def test_members_are_compared_one_by_one_down_to_three_names() -> None:
    old = {"a": 1, "b": {"c": {"d": {"e": 1}}}, "gone": None, "same": [1]}
    new = {"a": True, "b": {"c": {"d": {"e": 2}}}, "new": 0, "same": [1]}
    assert differences(old, new) == [("a",), ("b", "c", "d"), ("gone",), ("new",)]
    assert differences(new, new) == []


async def test_each_version_says_who_made_it_when_and_what_it_changed(api: Api) -> None:
    job = await api.create(labels={"a": "1"})
    operator = {"Authorization": f"Bearer {await api.key_for('operator', 9)}"}
    await edit(api, job, priority=5, labels={"a": None, "b": "2"})
    for step in ("pause", "resume"):  # which make no version
        await api.call("POST", f"/v1/jobs/{job['job_id']}/{step}")
    edited = await edit(api, job, payload={"script": "false"}, timeout_seconds=7)
    newest, middle, oldest = (await versions(api, job))["items"]
    assert [one["version"] for one in (newest, middle, oldest)] == [3, 2, 1]
    assert oldest["changes"] is None
    assert oldest["changed_at"] == job["created_at"]
    assert newest["changed_at"] == edited["updated_at"]
    assert middle["changes"] == [
        {"field": "priority", "from": 0, "to": 5},
        {"field": "labels.a", "from": "1"},
        {"field": "labels.b", "to": "2"},
    ]
    assert newest["changes"] == [
        {"field": "payload.script", "from": "true", "to": "false"},
        {"field": "timeout_seconds", "from": 300, "to": 7},
    ]
    assert (newest["user_id"], newest["key_name"]) == (1, "test")
    assert newest["definition"]["payload"] == {"script": "false"}
    assert "previous_status" not in newest["definition"]
    other = (await api.call("POST", "/v1/jobs", SCRIPT, **operator))[1]
    (made,) = (await versions(api, other))["items"]
    assert (made["user_id"], made["key_id"] != newest["key_id"]) == (9, True)


async def test_pages_and_any_two(api: Api) -> None:
    job = await api.create()
    for priority in range(1, 7):
        await edit(api, job, priority=priority)
    walked: list[Any] = []
    cursor = ""
    while True:
        page = await versions(api, job, f"?limit=3{cursor}")
        walked += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [one["version"] for one in walked] == [7, 6, 5, 4, 3, 2, 1]
    assert all(len(one["changes"]) == 1 for one in walked[:-1])
    assert walked == (await versions(api, job))["items"]
    (one,) = (await versions(api, job, "?version=6&against=2"))["items"]
    assert one["changes"] == [{"field": "priority", "from": 1, "to": 5}]
    (one,) = (await versions(api, job, "?version=6"))["items"]
    assert one["changes"] == [{"field": "priority", "from": 4, "to": 5}]
    assert (await versions(api, job, "?version=99"))["items"] == []
    status, problem, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}/versions?against=99")
    assert (status, problem["errors"][0]["field"]) == (422, "against")


async def test_a_page_of_large_definitions_is_cut_short(api: Api) -> None:
    job = await api.create(payload={"script": "x" * 250_000})
    for number in range(29):
        await edit(api, job, priority=number % 9 + 1)
    page = await versions(api, job, "?limit=200")
    assert 10 < len(page["items"]) < 29
    assert page["next_cursor"] is not None
    following = await versions(api, job, f"?limit=200&cursor={page['next_cursor']}")
    assert [one["version"] for one in (*page["items"], *following["items"])] == list(range(30, 0, -1))


@pytest.mark.parametrize("role", ["viewer", "runner"])
async def test_secrets_are_hidden_in_definitions_and_changes(api: Api, role: str) -> None:
    job = await api.create(**HTTP)
    await edit(api, job, payload={"headers": {"Authorization": "Bearer an0ther", "Accept": "c/d"}})
    await edit(api, job, payload={"headers": None})
    reader = {"Authorization": f"Bearer {await api.key_for(role)}"}
    for query in ("", "?against=1", "?version=3&against=2"):
        shown = str(await versions(api, job, query, **reader))
        assert "s3cr3t" not in shown
        assert "an0ther" not in shown
        assert "a/b" in shown or "c/d" in shown
    changes = (await versions(api, job, "?version=2", **reader))["items"][0]["changes"]
    assert {"field": "payload.headers.Authorization", "from": "(hidden)", "to": "(hidden)"} in changes
    operator = {"Authorization": f"Bearer {await api.key_for('operator')}"}
    assert "s3cr3t" in str(await versions(api, job, **operator))


async def test_a_rollback_is_an_edit_to_a_former_definition(api: Api) -> None:
    job = await api.create(schedule="0 9 * * *", labels={"a": "1"})
    await edit(api, job, schedule="@every 1h", payload={"script": "false"}, labels={"a": None})
    status, back = await rollback(api, job, 1)
    assert (status, back["version"]) == (200, 3)
    assert {name: back[name] for name in ("schedule", "payload", "labels", "next_run_time")} == {
        name: job[name] for name in ("schedule", "payload", "labels", "next_run_time")
    }
    status, same = await rollback(api, job, 1)
    assert (status, same["version"]) == (200, 3)  # nothing to do
    actions = await api.rows(
        "SELECT action FROM audit_logs WHERE resource_type = 'JOB' AND resource_id = $1 ORDER BY audit_id",
        job["job_id"],
    )
    assert [row["action"] for row in actions] == ["CREATE_JOB", "UPDATE_JOB", "UPDATE_JOB"]


async def test_a_rollback_is_refused_like_an_edit(api: Api) -> None:
    job = await api.create()
    await edit(api, job, priority=1)
    assert (await rollback(api, job, 1, If_Match='"1"'))[0] == 412
    status, problem = await rollback(api, job, 7)
    assert (status, problem["errors"][0]["field"]) == (422, "version")
    for role in ("viewer", "runner"):
        assert (await rollback(api, job, 1, Authorization=f"Bearer {await api.key_for(role)}"))[0] == 403
    await api.call("POST", f"/v1/jobs/{job['job_id']}/cancel")
    status, problem = await rollback(api, job, 1)
    assert (status, problem["code"]) == (409, "state")


async def test_a_rollback_to_an_instant_that_has_passed_is_refused(api: Api) -> None:
    job = await api.create(schedule="2099-01-01T00:00:00Z")
    await edit(api, job, schedule="0 9 * * *")
    await api.rows(
        """UPDATE job_versions SET definition = jsonb_set(definition, '{schedule}', '"2001-01-01T00:00:00Z"')
           WHERE job_id = $1 AND version = 1 RETURNING 1""",
        job["job_id"],
    )
    status, problem = await rollback(api, job, 1)
    assert (status, problem["errors"][0]["field"]) == (422, "schedule")


async def test_a_pause_survives_a_rollback(api: Api) -> None:
    job = await api.create()
    await edit(api, job, schedule="@every 1h")
    await api.call("POST", f"/v1/jobs/{job['job_id']}/pause")
    status, back = await rollback(api, job, 1)
    assert (status, back["status"], back["next_run_time"]) == (200, "PAUSED", None)
