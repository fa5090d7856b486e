"""A deleted job comes back as it was, for 30 days."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from foliot.api.jobs.steps import RESTORABLE
from support.databases import TestDatabase
from support.pinned_time import pin_time

from .conftest import SCRIPT, Api, open_api
from .world import NOON, World

SECOND = 1.0
MONTH = RESTORABLE.total_seconds()


@pytest.fixture
async def world(database: TestDatabase) -> AsyncIterator[World]:
    await pin_time(database, NOON)
    async with open_api(database) as api:
        yield World(api.client, api.database, api.key)


async def delete(api: Api, job: dict[str, Any]) -> None:
    assert (await api.call("DELETE", f"/v1/jobs/{job['job_id']}"))[0] == 204


async def restore(api: Api, job: dict[str, Any], **headers: str) -> tuple[int, Any]:
    status, answer, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/restore", **headers)
    return status, answer


async def test_it_is_armed_from_now_listed_and_plannable(world: World) -> None:
    job = await world.create(schedule="*/10 * * * * *")
    await world.at(5)
    await delete(world, job)
    await world.at(65)
    status, back = await restore(world, job)
    assert (status, back["status"], back["version"], back["deleted_at"]) == (200, "PENDING", 1, None)
    assert back["next_run_time"] == "2026-11-20T12:01:10.000000Z"
    _, page, _ = await world.call("GET", "/v1/jobs")
    assert [one["job_id"] for one in page["items"]] == [job["job_id"]]
    await world.at(71)
    await world.plan()
    told = await world.told(job, 0, 71)
    assert [seconds for seconds, _, _ in told] == [70.0]  # none of the time in which it was deleted
    rows = await world.rows("SELECT action FROM audit_logs WHERE resource_type = 'JOB' ORDER BY audit_id")
    assert [row["action"] for row in rows] == ["CREATE_JOB", "DELETE_JOB", "RESTORE_JOB"]


async def test_it_comes_back_as_it_was(world: World) -> None:
    paused = await world.create()
    await world.step(paused, "pause")
    cancelled = await world.create()
    await world.step(cancelled, "cancel")
    for job, wanted in ((paused, "PAUSED"), (cancelled, "CANCELLED")):
        await delete(world, job)
        status, back = await restore(world, job)
        assert (status, back["status"], back["next_run_time"]) == (200, wanted, None)
    await world.step(paused, "resume")


async def test_a_single_tick_is_found_again(world: World) -> None:
    ahead = await world.create(schedule="2026-11-20T13:00:00Z")
    passed = await world.create(schedule="2026-11-20T12:00:30Z")
    dropped = await world.create(schedule="immediate")
    for job in (ahead, passed, dropped):
        await delete(world, job)
    await world.at(40)
    assert (await restore(world, ahead))[1]["next_run_time"] == "2026-11-20T13:00:00.000000Z"
    assert (await restore(world, passed))[1]["next_run_time"] == "2026-11-20T12:00:30.000000Z"  # as after a pause
    status, back = await restore(world, dropped)
    assert (status, back["status"], back["next_run_time"]) == (200, "FAILED", None)  # the deletion has skipped its tick


async def test_thirty_days_and_no_longer(world: World) -> None:
    jobs = [await world.create() for _ in range(2)]
    for job in jobs:
        await delete(world, job)
    for job, second, wanted in ((jobs[0], MONTH - SECOND, 200), (jobs[1], MONTH + SECOND, 404)):
        await world.at(second)
        assert (await restore(world, job))[0] == wanted
    assert (await restore(world, {"job_id": 987_654_321}))[0] == 404


async def test_a_job_that_is_not_deleted_is_refused(world: World) -> None:
    job = await world.create()
    status, problem = await restore(world, job)
    assert (status, problem["code"]) == (409, "state")


async def test_by_key_the_last_one_unless_the_key_is_taken(world: World) -> None:
    path = "/v1/jobs/by-key/k"
    made = []
    for second in range(2):
        await world.at(second)
        made.append((await world.call("PUT", path, SCRIPT))[1])
        await delete(world, made[-1])
    status, back, _ = await world.call("POST", f"{path}/restore")
    assert (status, back["job_id"]) == (200, made[1]["job_id"])
    status, problem, _ = await world.call("POST", f"{path}/restore")
    assert (status, problem["code"]) == (409, "state")
    status, problem = await restore(world, made[0])
    assert (status, problem["code"]) == (409, "job_key")
    await delete(world, made[1])
    assert (await restore(world, made[0]))[0] == 200


async def test_roles_and_teams(world: World) -> None:
    own = {"Authorization": f"Bearer {await world.key_for('operator', 2, 7)}"}
    _, job, _ = await world.call("POST", "/v1/jobs", SCRIPT, **own)
    await world.call("DELETE", f"/v1/jobs/{job['job_id']}", **own)
    for role, team, wanted in (("viewer", 7, 403), ("runner", 7, 403), ("operator", 8, 404), ("operator", 7, 200)):
        key = await world.key_for(role, 2, team)
        assert (await restore(world, job, Authorization=f"Bearer {key}"))[0] == wanted
