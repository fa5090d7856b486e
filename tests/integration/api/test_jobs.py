"""Jobs over HTTP: create, read, list, edit, and the steps between states."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.eventually import eventually
from support.ledger import Sql
from support.locks import stands_behind_a_lock

from .conftest import SCRIPT, Api

HeldUp = tuple[Sql, "asyncio.Future[Any]"]


def later(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_create_answers_the_job(api: Api) -> None:
    status, job, headers = await api.call(
        "POST", "/v1/jobs", SCRIPT | {"timezone": "Europe/Berlin", "labels": {"a": "b"}}
    )
    assert status == 201
    assert headers["Location"] == f"/v1/jobs/{job['job_id']}"
    assert headers["ETag"] == '"1"'
    assert job["status"] == "PENDING"
    assert (job["retry_delays"], job["last_status"], len(job["warnings"])) == ("3 s, 9 s, 27 s", None, 1)
    assert job["next_run_time"].endswith("Z")
    assert len(job["created_at"]) == len("2026-01-01T00:00:00.000000Z")
    assert (job["overlap_policy"], job["misfire_policy"], job["pool"]) == ("skip", "run_once", "default")
    assert {"user_id", "team_id", "deleted_at", "last_run_time", "version", "labels"} <= job.keys()
    assert not {"spread_key", "open_since", "schedule_since"} & job.keys()
    assert (await api.call("GET", f"/v1/jobs/{job['job_id']}"))[1] == job


async def test_create_is_audited_in_its_transaction(api: Api) -> None:
    job = await api.create()
    (row,) = await api.rows("SELECT * FROM audit_logs WHERE resource_type = 'JOB' AND resource_id = $1", job["job_id"])
    assert (row["action"], row["user_id"]) == ("CREATE_JOB", 1)


async def test_list_pages_newest_first(api: Api) -> None:
    made = [(await api.create(job_name=f"page {n}"))["job_id"] for n in range(5)]
    found: list[int] = []
    path = "/v1/jobs?limit=2"
    while len(found) < 5:
        _, page, _ = await api.call("GET", path)
        found += [job["job_id"] for job in page["items"]]
        path = f"/v1/jobs?limit=2&cursor={page['next_cursor']}"
    assert found[:5] == made[::-1]


async def test_list_by_status(api: Api) -> None:
    job = await api.create()
    await api.call("POST", f"/v1/jobs/{job['job_id']}/pause")
    _, page, _ = await api.call("GET", "/v1/jobs?status=PAUSED")
    assert job["job_id"] in [item["job_id"] for item in page["items"]]
    _, page, _ = await api.call("GET", "/v1/jobs?status=PENDING&limit=200")
    assert job["job_id"] not in [item["job_id"] for item in page["items"]]


async def test_edit_is_a_merge_patch_with_etag(api: Api) -> None:
    job = await api.create(labels={"a": "1", "b": "2"}, retry_policy={"max_retries": 7})
    path = f"/v1/jobs/{job['job_id']}"
    status, edited, headers = await api.call("PATCH", path, {"labels": {"a": None}, "priority": 4}, If_Match='"1"')
    assert (status, headers["ETag"]) == (200, '"2"')
    assert (edited["labels"], edited["priority"], edited["next_run_time"]) == ({"b": "2"}, 4, job["next_run_time"])
    status, problem, _ = await api.call("PATCH", path, {"priority": 5}, If_Match='"1"')
    assert (status, problem["code"]) == (412, "stale_version")
    status, same, headers = await api.call("PATCH", path, {"priority": 4})
    assert (headers["ETag"], same["updated_at"]) == ('"2"', edited["updated_at"])
    _, policy, _ = await api.call("PATCH", path, {"retry_policy": {"backoff_factor": 2}})
    assert (policy["retry_policy"]["max_retries"], policy["retry_policy"]["backoff_factor"]) == (3, 2)


async def test_edit_of_the_schedule_moves_the_next_tick(api: Api) -> None:
    job = await api.create(schedule="0 0 1 1 *")
    _, edited, _ = await api.call("PATCH", f"/v1/jobs/{job['job_id']}", {"schedule": "@every 1h"})
    gap = datetime.fromisoformat(edited["next_run_time"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < gap <= timedelta(hours=1)


async def test_wrong_edit_changes_nothing(api: Api) -> None:
    job = await api.create()
    path = f"/v1/jobs/{job['job_id']}"
    for patch, field in [
        ({"schedule": "61 * * * *"}, "schedule"),
        ({"job_key": "x"}, "job_key"),
        ({"job_name": None}, "job_name"),
    ]:
        status, problem, _ = await api.call("PATCH", path, patch)
        assert (status, problem["errors"][0]["field"]) == (422, field)
    assert (await api.call("GET", path))[1] == job


async def test_pause_and_resume(api: Api) -> None:
    job = await api.create(schedule="@every 10s")
    path = f"/v1/jobs/{job['job_id']}"
    _, paused, headers = await api.call("POST", f"{path}/pause")
    assert (paused["status"], paused["next_run_time"], headers["ETag"]) == ("PAUSED", None, '"1"')
    status, problem, _ = await api.call("POST", f"{path}/pause")
    assert (status, problem["code"]) == (409, "state")
    assert problem["detail"] == f"cannot pause job {job['job_id']}: it is PAUSED"
    _, resumed, _ = await api.call("POST", f"{path}/resume")
    assert resumed["status"] == "PENDING"
    phase = datetime.fromisoformat(resumed["next_run_time"]) - datetime.fromisoformat(job["next_run_time"])
    assert phase % timedelta(seconds=10) == timedelta(0)
    assert (await api.call("POST", f"{path}/resume"))[0] == 409


async def test_an_instant_that_passed_while_paused_is_still_to_come(api: Api) -> None:
    job = await api.create(schedule=later(seconds=1))
    path = f"/v1/jobs/{job['job_id']}"
    await api.call("POST", f"{path}/pause")
    await api.rows("SELECT pg_sleep(1.1)")
    _, resumed, _ = await api.call("POST", f"{path}/resume")
    assert resumed["next_run_time"] == job["next_run_time"]


async def test_cancel_is_final(api: Api) -> None:
    job = await api.create()
    path = f"/v1/jobs/{job['job_id']}"
    _, cancelled, _ = await api.call("POST", f"{path}/cancel")
    assert (cancelled["status"], cancelled["next_run_time"]) == ("CANCELLED", None)
    for step in ("cancel", "pause", "resume", "run"):
        assert (await api.call("POST", f"{path}/{step}"))[0] == 409, step
    assert (await api.call("PATCH", path, {"priority": 1}))[0] == 409


async def test_delete_hides(api: Api) -> None:
    job = await api.create()
    path = f"/v1/jobs/{job['job_id']}"
    assert (await api.call("POST", f"{path}/run"))[0] == 202
    assert (await api.call("DELETE", path))[0] == 204
    assert (await api.call("GET", path))[0] == 404
    assert (await api.call("DELETE", path))[0] == 404
    rows = await api.rows("SELECT status FROM executions WHERE job_id = $1", job["job_id"])
    assert [row["status"] for row in rows] == ["CANCELLED"]
    assert await api.rows("SELECT FROM listed_jobs WHERE job_id = $1", job["job_id"]) == []


async def test_run_now(api: Api) -> None:
    job = await api.create()
    path = f"/v1/jobs/{job['job_id']}"
    status, execution, headers = await api.call("POST", f"{path}/run", {"payload": {"script": "false"}})
    assert (status, execution["status"], execution["trigger"]) == (202, "QUEUED", "manual")
    assert headers["Location"] == f"/v1/executions/{execution['execution_id']}"
    _, seen, _ = await api.call("GET", path)
    assert (seen["status"], seen["next_run_time"]) == ("QUEUED", job["next_run_time"])
    status, problem, _ = await api.call("POST", f"{path}/run")
    assert (status, problem["code"]) == (409, "overlap")
    assert (await api.call("POST", f"{path}/run", {"overlap_policy": "allow"}))[0] == 202
    assert (await api.call("POST", f"{path}/run", {"overlap_policy": "queue_one"}))[0] == 202
    assert (await api.call("POST", f"{path}/run", {"overlap_policy": "queue_one"}))[0] == 409
    waiting = await api.rows(
        "SELECT count(*) AS n FROM executions WHERE job_id = $1 AND available_at IS NULL", job["job_id"]
    )
    assert waiting[0]["n"] == 1
    _, listed, _ = await api.call("GET", f"{path}/executions")
    assert len(listed["items"]) == 3
    times = [item["scheduled_time"] for item in listed["items"]]
    assert times == sorted(set(times), reverse=True)
    status, problem, _ = await api.call("POST", f"{path}/run", {"payload": {}})
    assert (status, problem["errors"][0]["field"]) == (422, "payload.script")


async def test_cancel_of_a_queued_execution(api: Api) -> None:
    job = await api.create()
    _, execution, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run")
    path = f"/v1/executions/{execution['execution_id']}"
    status, cancelled, _ = await api.call("POST", f"{path}/cancel")
    assert (status, cancelled["status"]) == (202, "CANCELLED")
    assert cancelled["cancel_requested_at"] is not None
    assert (await api.call("POST", f"{path}/cancel"))[0] == 409
    assert (await api.call("GET", path))[1]["logs"] is None


async def test_idempotency_key(api: Api) -> None:
    first = await asyncio.gather(*(api.call("POST", "/v1/jobs", SCRIPT, Idempotency_Key="k1") for _ in range(8)))
    assert {status for status, _, _ in first} == {201}
    assert len({job["job_id"] for _, job, _ in first}) == 1
    status, problem, _ = await api.call("POST", "/v1/jobs", SCRIPT | {"priority": 1}, Idempotency_Key="k1")
    assert (status, problem["code"]) == (422, "idempotency_key_reused")
    other, _, _ = await api.call("POST", "/v1/jobs", SCRIPT | {"priority": 99}, Idempotency_Key="k2")
    assert other == 422
    assert (await api.call("POST", "/v1/jobs", SCRIPT, Idempotency_Key="k2"))[0] == 201


async def test_idempotency_key_keeps_a_conflict(api: Api) -> None:
    job = await api.create()
    path = f"/v1/jobs/{job['job_id']}/resume"
    assert (await api.call("POST", path, Idempotency_Key="k3"))[0] == 409
    await api.call("POST", f"/v1/jobs/{job['job_id']}/pause")
    assert (await api.call("POST", path, Idempotency_Key="k3"))[0] == 409
    assert (await api.call("POST", path))[0] == 200


@pytest.mark.parametrize("schedule", ["immediate", "manual", "@every 30s", "0 9 * * *", "*/10 * * * * *", "@daily"])
async def test_each_kind_of_schedule(api: Api, schedule: str) -> None:
    job = await api.create(schedule=schedule)
    assert (job["next_run_time"] is None) == (schedule == "manual")


async def test_a_row_with_the_seeds_columns_alone_is_a_valid_job(api: Api) -> None:
    rows = await api.rows(
        "INSERT INTO jobs (user_id, job_name, job_type, schedule, next_run_time, payload) "
        "VALUES (789, 'send_welcome_email', 'http_request', '0 9 * * *', now() + interval '1 day', '{\"url\": \"http://x.example\"}') "
        "RETURNING job_id"
    )
    status, job, _ = await api.call("GET", f"/v1/jobs/{rows[0]['job_id']}")
    assert (status, job["status"], job["pool"], job["timeout_seconds"]) == (200, "PENDING", "default", 300)


async def test_tenants_see_their_own(api: Api) -> None:
    keys = {who: await api.key_for("operator", user, team) for who, user, team in
            [("team 7", 2, 7), ("team 8", 3, 8), ("user 4", 4, None), ("user 5", 5, None)]}  # fmt: skip
    jobs: dict[str, Any] = {}
    for who, key in keys.items():
        _, jobs[who], _ = await api.call("POST", "/v1/jobs", SCRIPT, Authorization=f"Bearer {key}")
    for who, key in keys.items():
        for owner, job in jobs.items():
            status, _, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}", Authorization=f"Bearer {key}")
            assert status == (200 if who == owner else 404), (who, owner)
        _, page, _ = await api.call("GET", "/v1/jobs", Authorization=f"Bearer {key}")
        assert [item["job_id"] for item in page["items"]] == [jobs[who]["job_id"]]


async def test_roles(api: Api) -> None:
    viewer, operator = await api.key_for("viewer"), await api.key_for("operator")
    status, problem, _ = await api.call("POST", "/v1/jobs", SCRIPT, Authorization=f"Bearer {viewer}")
    assert (status, problem["code"]) == (403, "forbidden")
    assert (await api.call("GET", "/v1/jobs", Authorization=f"Bearer {viewer}"))[0] == 200
    assert (await api.call("GET", "/v1/audit-logs", Authorization=f"Bearer {operator}"))[0] == 403
    assert (await api.call("GET", "/v1/audit-logs"))[0] == 200


async def test_keys_are_shown_once_and_revoked_within_a_second(api: Api) -> None:
    body = {"name": "ci", "role": "operator"}
    status, made, _ = await api.call("POST", "/v1/api-keys", body, Idempotency_Key="a")
    assert status == 201
    again = (await api.call("POST", "/v1/api-keys", body, Idempotency_Key="a"))[1]
    assert again == {name: value for name, value in made.items() if name != "key"}
    auth = {"Authorization": f"Bearer {made['key']}"}
    assert (await api.call("GET", "/v1/jobs", **auth))[0] == 200
    status, revoked, _ = await api.call("DELETE", f"/v1/api-keys/{made['key_id']}")
    assert (status, revoked["key_id"], revoked["revoked_at"] is not None) == (200, made["key_id"], True)
    await api.rows("SELECT pg_sleep(1)")
    assert (await api.call("GET", "/v1/jobs", **auth))[0] == 401
    _, listed, _ = await api.call("GET", "/v1/api-keys")
    assert made["key"] not in str(listed)
    stored = await api.rows("SELECT * FROM api_keys")
    assert made["key"] not in str(stored)


@contextlib.asynccontextmanager
async def held_up(api: Api, job_id: int, method: str, path: str, body: Any = None) -> AsyncIterator[HeldUp]:
    """A request that stands behind somebody's lock of the job until the block ends."""
    async with api.database.owner() as holder, api.database.owner() as watcher, holder.transaction():
        await holder.execute("SELECT FROM jobs WHERE job_id = $1 FOR NO KEY UPDATE", job_id)
        answer = asyncio.ensure_future(api.call(method, f"/v1/jobs/{job_id}{path}", body))
        await eventually(lambda: stands_behind_a_lock(watcher, "FOR NO KEY UPDATE"))
        assert not answer.done()
        yield holder, answer


async def test_run_waits_for_the_planner_and_then_looks(api: Api) -> None:
    """Lock, then look in a later statement: a run that the planner commits meanwhile is seen."""
    job = await api.create()
    async with held_up(api, job["job_id"], "POST", "/run") as (planner, running):
        await planner.execute(
            "INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at) VALUES ($1, 1, 'QUEUED', now(), now())",
            job["job_id"],
        )
        await planner.execute("UPDATE jobs SET open_since = now() - interval '1 s' WHERE job_id = $1", job["job_id"])
    status, problem, _ = await running
    assert (status, problem["code"]) == (409, "overlap")


async def test_a_change_takes_the_time_at_which_it_holds_the_job(api: Api) -> None:
    """The clock is read after the lock: what was held up does not count the ticks of the time before."""
    job = await api.create()
    async with held_up(api, job["job_id"], "PATCH", "", {"priority": 1}) as (other, editing):
        released = await other.fetchval("SELECT clock_timestamp()")
    status, edited, _ = await editing
    assert status == 200
    assert datetime.fromisoformat(edited["updated_at"]) >= released
