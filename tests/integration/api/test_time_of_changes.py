"""Changes beside the schedule, on a clock that the test moves: no past tick by surprise, none twice, none without a trace."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from foliot.scheduler.jitter import jitter_delay
from support.databases import TestDatabase
from support.pinned_time import pin_time, set_time

from .conftest import Api, open_api

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
async def api(database: TestDatabase) -> AsyncIterator[Api]:
    await pin_time(database, NOON)
    async with open_api(database) as opened:
        yield opened


async def at(api: Api, seconds: float) -> None:
    async with api.database.owner() as sql:
        await set_time(sql, NOON + timedelta(seconds=seconds))


async def ledger(api: Api, job: dict[str, Any]) -> list[tuple[float, str, int, str]]:
    """(seconds after noon, status, ticks, reason) of each row."""
    rows = await api.rows("SELECT * FROM executions WHERE job_id = $1 ORDER BY scheduled_time", job["job_id"])
    return [
        ((r["scheduled_time"] - NOON).total_seconds(), r["status"], r["skipped_count"] or 1, r["error_message"])
        for r in rows
    ]


def after_noon(moment: str | None) -> float | None:
    return None if moment is None else (datetime.fromisoformat(moment) - NOON).total_seconds()


@pytest.mark.parametrize(
    ("step", "reason"), [("pause", "paused"), ("cancel", "cancelled"), ("edit", "edited"), ("delete", "cancelled")]
)
async def test_what_was_due_and_not_planned_is_covered(api: Api, step: str, reason: str) -> None:
    job = await api.create(schedule="*/10 * * * * *")
    path = f"/v1/jobs/{job['job_id']}"
    await at(api, 35)
    if step == "edit":
        await api.call("PATCH", path, {"schedule": "0 * * * * *"})
    elif step == "delete":
        await api.call("DELETE", path)
    else:
        await api.call("POST", f"{path}/{step}")
    assert await ledger(api, job) == [(n, "SKIPPED", 1, reason) for n in (10.0, 20.0, 30.0)]


async def test_very_many_due_ticks_are_covered_by_one_row(api: Api) -> None:
    job = await api.create(schedule="* * * * * *")
    await at(api, 40 * 86_400 + 0.5)
    await api.call("POST", f"/v1/jobs/{job['job_id']}/pause")
    assert await ledger(api, job) == [(1.0, "SKIPPED", 40 * 86_400, "paused")]
    await at(api, 40 * 86_400 + 100.5)
    _, resumed, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/resume")
    assert after_noon(resumed["next_run_time"]) == 40 * 86_400 + 101


async def test_an_edit_that_leaves_the_due_ticks_as_they_are_leaves_them_due(api: Api) -> None:
    job = await api.create(schedule="*/10 * * * * *")
    path = f"/v1/jobs/{job['job_id']}"
    await at(api, 35)
    for patch in ({"max_runs": 50}, {"end_at": "2026-11-20T13:00:00Z"}, {"timezone": "Europe/Berlin"}, {"priority": 3}):
        _, edited, _ = await api.call("PATCH", path, patch)
        assert after_noon(edited["next_run_time"]) == 10, patch
    assert await ledger(api, job) == []
    _, edited, _ = await api.call("PATCH", path, {"end_at": "2026-11-20T12:00:25Z"})
    assert await ledger(api, job) == [(n, "SKIPPED", 1, "edited") for n in (10.0, 20.0, 30.0)]
    assert (edited["next_run_time"], edited["status"]) == (None, "FAILED")


async def test_an_immediate_job_edited_before_it_was_planned_still_runs(api: Api) -> None:
    job = await api.create(schedule="immediate")
    _, edited, _ = await api.call("PATCH", f"/v1/jobs/{job['job_id']}", {"timezone": "Asia/Tokyo"})
    assert (edited["next_run_time"], edited["status"]) == (job["next_run_time"], "PENDING")


async def test_an_instant_that_passed_in_a_paused_job_waits_for_resume_through_an_edit(api: Api) -> None:
    job = await api.create(schedule="2026-11-20T12:01:00Z")
    path = f"/v1/jobs/{job['job_id']}"
    await api.call("POST", f"{path}/pause")
    await at(api, 3_600)
    await api.call("PATCH", path, {"max_runs": 3})
    _, resumed, _ = await api.call("POST", f"{path}/resume")
    assert (after_noon(resumed["next_run_time"]), resumed["status"]) == (60, "PENDING")
    assert await ledger(api, job) == []


async def test_a_paused_job_without_a_tick_to_come_takes_its_outcome(api: Api) -> None:
    job = await api.create(schedule="*/10 * * * * *", end_at="2026-11-20T12:00:30Z")
    await at(api, 35)
    _, paused, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/pause")
    assert paused["status"] == "FAILED"
    assert [row[3] for row in await ledger(api, job)] == ["paused"] * 3


async def test_versions_begin_and_end_at_the_instant_that_decides(api: Api) -> None:
    job = await api.create(schedule="@every 10s")
    await at(api, 3)
    await api.call("PATCH", f"/v1/jobs/{job['job_id']}", {"schedule": "@every 20s"})
    first, second = await api.rows("SELECT * FROM job_versions WHERE job_id = $1 ORDER BY version", job["job_id"])
    (row,) = await api.rows("SELECT schedule_since FROM jobs WHERE job_id = $1", job["job_id"])
    assert first["valid_to"] == second["valid_from"] == row["schedule_since"]
    assert second["definition"] != first["definition"]


async def test_the_delay_by_jitter_is_the_same_in_sql(api: Api) -> None:
    draw = random.Random(5)
    for _ in range(300):
        job_id, jitter = draw.randrange(1, 2**40), draw.choice([0, 1, 60, 86_400])
        tick = NOON + timedelta(microseconds=draw.randrange(10**15))
        (row,) = await api.rows("SELECT jitter_delay($1, $2, $3) AS delay", job_id, tick, jitter)
        assert row["delay"] == jitter_delay(str(job_id), tick, jitter)


async def test_a_month_that_is_closed_gets_no_row(api: Api) -> None:
    job = await api.create(schedule="*/10 * * * * *")
    older = await api.create(schedule="*/10 * * * * *")
    await api.rows("UPDATE jobs SET next_run_time = '2025-02-01Z' WHERE job_id = $1", older["job_id"])
    await api.rows("UPDATE partition_floor SET floor = $1", NOON + timedelta(seconds=15))
    await at(api, 35)
    for due in (job, older):
        _, paused, _ = await api.call("POST", f"/v1/jobs/{due['job_id']}/pause")
        assert paused["status"] == "PAUSED"
        assert await ledger(api, due) == [(n, "SKIPPED", 1, "paused") for n in (20.0, 30.0)]
