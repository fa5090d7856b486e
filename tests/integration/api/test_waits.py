"""?wait: a run and an attempt are answered at their end; all waits of a process share one look."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from aiohttp import web

from foliot.api.app import WAITS
from foliot.api.views import waits
from integration.api.conftest import Api, open_api
from support.databases import TestDatabase
from support.eventually import eventually

SECRET = {"script": "true", "env": {"API_TOKEN": "s3cret", "PLACE": "here"}}


def served_app(api: Api) -> web.Application:
    app: web.Application = api.client.server.app  # type: ignore[attr-defined]
    return app


async def end(api: Api, execution_id: int, status: str) -> None:
    await api.rows(
        "UPDATE executions SET status = $2, start_time = now(), end_time = now() WHERE execution_id = $1",
        execution_id, status,
    )  # fmt: skip


async def newest(api: Api, job: dict[str, Any]) -> dict[str, Any]:
    _, page, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}/executions")
    found: dict[str, Any] = page["items"][0]
    return found


async def made(api: Api, job: dict[str, Any]) -> dict[str, Any]:
    """The run that a request made that waits."""

    async def look() -> dict[str, Any]:
        _, page, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}/executions")
        assert page["items"]
        found: dict[str, Any] = page["items"][0]
        return found

    return await eventually(look)


async def test_a_run_is_answered_at_its_end_with_its_last_attempt(api: Api) -> None:
    job = await api.create(schedule="manual")
    asked = asyncio.create_task(api.call("POST", f"/v1/jobs/{job['job_id']}/run?wait=30"))
    first = await made(api, job)
    await api.rows(
        """WITH ended AS (UPDATE executions SET status = 'FAILED', end_time = now() WHERE execution_id = $1 RETURNING *)
           INSERT INTO executions (job_id, user_id, status, scheduled_time, attempt_number, trigger, pool, priority,
               available_at)
           SELECT job_id, user_id, 'QUEUED', scheduled_time, 2, 'retry', pool, priority, now() FROM ended""",
        first["execution_id"],
    )  # fmt: skip
    second = await newest(api, job)
    await asyncio.wait({asked}, timeout=2 * waits.LOOK_EVERY_SECONDS)
    assert not asked.done()
    await end(api, second["execution_id"], "COMPLETED")
    status, answer, headers = await asked
    assert (status, answer["status"], answer["attempt_number"]) == (202, "COMPLETED", 2)
    assert headers["Location"] == f"/v1/executions/{second['execution_id']}"


async def test_after_so_many_seconds_the_present_state_is_answered(api: Api) -> None:
    job = await api.create(schedule="manual")
    began = time.monotonic()
    status, answer, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run?wait=1")
    assert (status, answer["status"]) == (202, "QUEUED")
    assert 1 <= time.monotonic() - began < 10


async def test_a_repeat_with_the_same_key_waits_for_the_same_run(api: Api) -> None:
    job = await api.create(schedule="manual")
    path = f"/v1/jobs/{job['job_id']}/run"
    _, first, _ = await api.call("POST", path, Idempotency_Key="a run")
    asked = asyncio.create_task(api.call("POST", f"{path}?wait=30", Idempotency_Key="a run"))
    await end(api, first["execution_id"], "FAILED")
    status, answer, _ = await asked
    assert (status, answer["execution_id"], answer["status"]) == (202, first["execution_id"], "FAILED")
    _, again, _ = await api.call("POST", path, Idempotency_Key="a run")
    assert again["status"] == "QUEUED"  # what was kept is the answer to the run, not to the wait


async def test_an_attempt_is_answered_at_its_own_end(api: Api) -> None:
    job = await api.create(schedule="manual")
    _, run, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run")
    path = f"/v1/executions/{run['execution_id']}?wait=30"
    asked = [asyncio.create_task(api.call("GET", path)) for _ in range(20)]
    await end(api, run["execution_id"], "COMPLETED")
    assert {answer["status"] for _, answer, _ in await asyncio.gather(*asked)} == {"COMPLETED"}
    began = time.monotonic()
    assert (await api.call("GET", path))[1]["status"] == "COMPLETED"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("wait", ["0", "61", "x", ""])
async def test_a_wait_that_is_none(api: Api, wait: str) -> None:
    status, problem, _ = await api.call("GET", f"/v1/executions/1?wait={wait}")
    assert (status, problem["errors"][0]["field"]) == (422, "wait")


async def test_one_more_than_may_wait_is_answered_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "MAX_WAITING", 0)
    job = await api.create(schedule="manual")
    began = time.monotonic()
    status, answer, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run?wait=60")
    assert (status, answer["status"]) == (202, "QUEUED")
    assert time.monotonic() - began < 20


async def test_a_stop_answers_whoever_waits(database: TestDatabase) -> None:
    async with open_api(database) as api:
        job = await api.create(schedule="manual")
        asked = asyncio.create_task(api.call("POST", f"/v1/jobs/{job['job_id']}/run?wait=60"))
        await made(api, job)
        began = time.monotonic()
        await served_app(api).shutdown()
        status, answer, _ = await asked
        assert (status, answer["status"]) == (202, "QUEUED")
        assert time.monotonic() - began < 20


async def test_a_client_that_has_gone_waits_no_more(database: TestDatabase) -> None:
    async with open_api(database) as api:
        job = await api.create(schedule="manual")
        _, run, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run")
        asked = asyncio.create_task(api.call("GET", f"/v1/executions/{run['execution_id']}?wait=60"))

        async def waiting(count: int) -> None:
            assert len(served_app(api)[WAITS].waiting) == count

        await eventually(lambda: waiting(1))
        asked.cancel()
        await eventually(lambda: waiting(0))


async def test_an_attempt_shows_the_payload_that_it_ran_with(api: Api) -> None:
    job = await api.create(schedule="manual", payload=SECRET, overlap_policy="allow")
    path = f"/v1/jobs/{job['job_id']}/run"
    _, plain, _ = await api.call("POST", path)
    _, other, _ = await api.call("POST", path, {"payload": {"script": "false", "env": {"API_TOKEN": "other"}}})
    assert (await api.call("GET", f"/v1/executions/{plain['execution_id']}"))[1]["payload"] is None  # not claimed yet
    await api.rows("UPDATE executions SET job_version = 1 WHERE job_id = $1", job["job_id"])
    for _ in range(2):  # the second time from the version that was kept
        _, answer, _ = await api.call("GET", f"/v1/executions/{plain['execution_id']}")
        assert (answer["payload"], answer["job_version"]) == (SECRET, 1)
        _, answer, _ = await api.call("GET", f"/v1/executions/{other['execution_id']}")
        assert answer["payload"]["env"] == {"API_TOKEN": "other"}
        await api.call("PATCH", f"/v1/jobs/{job['job_id']}", {"payload": {"script": "echo"}})
    viewer = await api.key_for("viewer")
    for execution in (plain, other):
        given = {"Authorization": f"Bearer {viewer}"}
        _, answer, _ = await api.call("GET", f"/v1/executions/{execution['execution_id']}", **given)
        assert answer["payload"]["env"]["API_TOKEN"] == "(hidden)"
