"""Shadows: jobs whose ticks are planned and recorded, and never run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from foliot.common.clock import rfc3339
from foliot.common.ledger.database import Database
from foliot.scheduler.unit import Unit
from integration.api.conftest import SCRIPT, Api
from planning.filling import a_planner

SHADOW = {"shadow": True, "schedule": "@every 1h"}


async def plan(api: Api) -> None:
    async with Database(api.database.url("scheduler"), Unit, size=2, name="leader") as units:
        await (await a_planner(units)).step()


async def due(api: Api, job: dict[str, Any]) -> None:
    await api.rows("UPDATE jobs SET next_run_time = now() - interval '1 second' WHERE job_id = $1", job["job_id"])


async def test_a_tick_of_a_shadow_is_recorded_and_does_not_run(api: Api) -> None:
    job = await api.create(**SHADOW, max_runs=1, overlap_policy="queue_one")
    await due(api, job)
    await plan(api)
    _, page, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}/executions")
    (row,) = page["items"]
    assert (row["status"], row["error_message"], row["attempt_number"]) == ("SKIPPED", "shadow", 1)
    _, found, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}")
    assert (found["status"], found["last_run_time"], found["runs_planned"]) == ("PENDING", None, 0)
    assert found["next_run_time"] is not None
    _, line, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}/timeline?outcome=SKIPPED&from=2020-01-01T00:00:00Z")
    assert [tick["reason"] for tick in line["items"]] in ([], ["shadow"])


async def test_turned_off_it_runs_in_its_old_phase(api: Api) -> None:
    job = await api.create(**SHADOW)
    status, edited, _ = await api.call("PATCH", f"/v1/jobs/{job['job_id']}", {"shadow": False})
    assert (status, edited["shadow"], edited["version"]) == (200, False, 2)
    assert edited["next_run_time"] == job["next_run_time"]
    await due(api, job)
    await plan(api)
    _, page, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}/executions")
    assert [row["status"] for row in page["items"]] == ["QUEUED"]


async def test_a_shadow_with_one_tick_ends_without_a_run(api: Api) -> None:
    just_now = rfc3339(datetime.now(UTC) - timedelta(seconds=1))
    job = await api.create(shadow=True, schedule=just_now)
    await plan(api)
    _, found, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}")
    assert (found["status"], found["next_run_time"], found["last_status"]) == ("FAILED", None, None)


async def test_a_shadow_is_not_run_by_hand(api: Api) -> None:
    job = await api.create(**SHADOW)
    status, problem, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run")
    assert (status, problem["code"]) == (409, "shadow")


@pytest.mark.parametrize("first", [{"shadow": True}, {"schedule": "immediate"}])
async def test_an_immediate_job_is_no_shadow(api: Api, first: dict[str, Any]) -> None:
    both = {"shadow": True, "schedule": "immediate"}
    status, problem, _ = await api.call("POST", "/v1/jobs", SCRIPT | both)
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["shadow"])
    job = await api.create(**({"schedule": "@every 1h"} | first))
    status, problem, _ = await api.call("PATCH", f"/v1/jobs/{job['job_id']}", both)
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["shadow"])
