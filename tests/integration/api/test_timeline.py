"""GET /v1/jobs/{job_id}/timeline, with the planner at work, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from foliot.common.clock import rfc3339
from foliot.common.ledger.database import Database
from foliot.scheduler.unit import Unit
from support.databases import TestDatabase
from support.pinned_time import pin_time

from .conftest import open_api
from .world import NOON, World


@pytest.fixture
async def world(database: TestDatabase) -> AsyncIterator[World]:
    await pin_time(database, NOON)
    async with open_api(database) as api:
        yield World(api.client, database, api.key)


async def test_the_whole_life_of_a_job(world: World) -> None:
    """Not created, ran, skipped for overlap, edited, paused, resumed, still to come."""
    await world.at(25)
    job = await world.create(schedule="*/10 * * * * *", overlap_policy="skip")
    for second in (30.5, 40.5):
        await world.at(second)
        await world.plan()
    await world.end(job, "COMPLETED")
    await world.at(50.5)
    await world.plan()
    await world.end(job, "FAILED")
    await world.at(55)
    await world.call("PATCH", f"/v1/jobs/{job['job_id']}", {"schedule": "*/20 * * * * *"})
    await world.at(60.5)
    await world.plan()
    await world.end(job, "TIMEOUT")
    await world.at(65)
    await world.step(job, "pause")
    await world.at(115)
    await world.step(job, "resume")
    answer = await world.ask(job, NOON, NOON + timedelta(seconds=160), "outcome=NOT_CREATED,TIMEOUT")
    outcomes = [tick["outcome"] for tick in answer["items"]]
    assert outcomes == ["NOT_CREATED", "NOT_CREATED", "NOT_CREATED", "TIMEOUT"]
    assert await world.told(job, 0, 160) == [
        (30, "COMPLETED", None), (40, "SKIPPED", "overlap"), (50, "FAILED", None),
        (60, "TIMEOUT", None),
        (80, "PAUSED", None), (100, "PAUSED", None),
        (120, "TO_COME", None), (140, "TO_COME", None), (160, "TO_COME", None),
    ]  # fmt: skip
    entries = {e["scheduled_time"][17:19]: e for e in await world.entries(job, 30, 60)}
    ran = entries["30"]
    assert (ran["attempts"], ran["lateness_ms"], ran["expected"], ran["job_version"]) == (1, 250, True, 1)
    assert (entries["40"]["attempts"], entries["40"]["lateness_ms"]) == (0, None)
    assert ran["execution_id"] is not None
    assert ran["local"] == "2026-11-20T12:00:30+00:00"


async def test_a_tick_without_a_row_is_missing(world: World) -> None:
    job = await world.create(schedule="*/10 * * * * *")
    await world.at(35)
    await world.plan()
    await world.rows(
        "DELETE FROM executions WHERE job_id = $1 AND scheduled_time = $2", job["job_id"], NOON + timedelta(seconds=20)
    )
    assert await world.told(job, 1, 40) == [
        (10, "QUEUED", None), (20, "MISSING", None), (30, "QUEUED", None), (40, "TO_COME", None),
    ]  # fmt: skip


async def test_one_row_that_covers_many(world: World) -> None:
    """Also when the row begins before the range, with runs beside the schedule in between."""
    job = await world.create(
        schedule="* * * * * *", misfire_policy="skip", misfire_grace_seconds=0, overlap_policy="allow"
    )
    await world.at(300)
    await world.step(job, "run")
    await world.at(600.5)
    await world.plan()
    assert await world.told(job, 596, 602) == [
        (596, "SKIPPED", "misfire"), (597, "SKIPPED", "misfire"), (598, "SKIPPED", "misfire"), (599, "SKIPPED", "misfire"),
        (600, "SKIPPED", "misfire"), (601, "TO_COME", None), (602, "TO_COME", None),
    ]  # fmt: skip
    assert len({e["execution_id"] for e in await world.entries(job, 1, 600)}) == 1


async def test_what_is_due_and_not_planned_is_still_to_come(world: World) -> None:
    job = await world.create(schedule="*/10 * * * * *")
    await world.at(25)
    assert await world.told(job, 1, 30) == [(10, "TO_COME", None), (20, "TO_COME", None), (30, "TO_COME", None)]


async def test_nothing_is_expected_after_the_schedules_own_end(world: World) -> None:
    """max_runs is reached, the job is armed again by an edit, and reaches it again."""
    job = await world.create(schedule="*/10 * * * * *", max_runs=2)
    for second in (10.5, 20.5):
        await world.at(second)
        await world.plan()
        await world.end(job, "COMPLETED")
    async with (
        Database(world.database.url("scheduler"), Unit, size=2, name="settle") as units,
        units.transaction() as unit,
    ):
        await unit.endings.settle_jobs([job["job_id"]])
    await world.at(45)
    assert await world.told(job, 1, 60) == [(10, "COMPLETED", None), (20, "COMPLETED", None)]
    await world.call("PATCH", f"/v1/jobs/{job['job_id']}", {"max_runs": 4})
    assert await world.told(job, 1, 120) == [
        (10, "COMPLETED", None), (20, "COMPLETED", None), (50, "TO_COME", None), (60, "TO_COME", None),
    ]  # fmt: skip


@pytest.mark.parametrize("schedule", ["immediate", "2026-11-20T12:00:30Z"])
async def test_a_single_tick(world: World, schedule: str) -> None:
    await world.at(20)
    job = await world.create(schedule=schedule)
    tick = 20.0 if schedule == "immediate" else 30.0
    assert [(round(at, 3), what) for at, what, _ in await world.told(job, 0, 100)] == [(tick, "TO_COME")]
    await world.step(job, "pause")
    assert [what for _, what, _ in await world.told(job, 0, 100)] == ["PAUSED"]
    await world.at(50)
    await world.step(job, "resume")
    await world.plan()
    await world.end(job, "COMPLETED")
    assert [what for _, what, _ in await world.told(job, 0, 100)] == ["COMPLETED"]


async def test_a_cancelled_job_has_no_ticks_to_come_and_a_manual_one_none_at_all(world: World) -> None:
    job = await world.create(schedule="*/10 * * * * *")
    await world.at(15)
    await world.step(job, "cancel")
    assert await world.told(job, 1, 60) == [(10, "SKIPPED", "cancelled")]
    manual = await world.create(schedule="manual")
    await world.step(manual, "run")
    assert await world.told(manual, 1, 60) == []


async def test_a_row_that_no_definition_expects_is_told_as_such(world: World) -> None:
    job = await world.create(schedule="*/10 * * * * *")
    await world.rows("UPDATE jobs SET next_run_time = $2 WHERE job_id = $1", job["job_id"], NOON + timedelta(seconds=7))
    await world.at(12)
    await world.plan()
    assert [(e["scheduled_time"][17:19], e["expected"]) for e in await world.entries(job, 1, 12)] == [
        ("07", False),
        ("10", True),
    ]


async def test_a_job_inserted_by_hand_has_a_timeline_too(world: World) -> None:
    (row,) = await world.rows(
        """INSERT INTO jobs (user_id, job_name, job_type, schedule, payload, next_run_time, created_at, schedule_since)
           VALUES (1, 'x', 'script', '*/10 * * * * *', '{}', $1, $2, $2) RETURNING job_id""",
        NOON + timedelta(seconds=10), NOON,
    )  # fmt: skip
    await world.at(12)
    await world.plan()
    assert await world.told(row, 1, 20) == [(10, "QUEUED", None), (20, "TO_COME", None)]


async def test_dropped_months_are_told(world: World) -> None:
    job = await world.create(schedule="*/10 * * * * *")
    await world.at(35)
    await world.rows(
        "UPDATE jobs SET next_run_time = $2 WHERE job_id = $1", job["job_id"], NOON + timedelta(seconds=40)
    )
    await world.rows("UPDATE partition_floor SET floor = $1", NOON + timedelta(seconds=15))
    assert [what for _, what, _ in await world.told(job, 1, 40)] == ["EXPIRED", "MISSING", "MISSING", "TO_COME"]


async def test_long_ranges_come_in_parts(world: World) -> None:
    job = await world.create(schedule="* * * * * *")
    await world.at(1_500.5)
    await world.plan()
    found, first = [], NOON + timedelta(seconds=1)
    while first is not None:
        answer = await world.ask(job, first, NOON + timedelta(seconds=2_500))
        assert len(answer["items"]) <= 1_000
        found += [(e["scheduled_time"], e["outcome"]) for e in answer["items"]]
        first = answer["next_from"] and datetime.fromisoformat(answer["next_from"])
    assert [at for at, _ in found] == [rfc3339(NOON + timedelta(seconds=n)) for n in range(1, 2_501)]
    assert [what for _, what in found].count("TO_COME") == 1_000
    assert {what for _, what in found} == {"SKIPPED", "QUEUED", "TO_COME"}


async def test_the_range_is_bounded_and_the_job_is_the_callers(world: World) -> None:
    job = await world.create()
    path = f"/v1/jobs/{job['job_id']}/timeline"
    for query, field in [
        ("?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z", "to"), ("?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("?from=yesterday", "from"), ("?limit=3", "limit"), ("?to=0001-01-01T00:00:00Z", "to"),
    ]:  # fmt: skip
        status, problem, _ = await world.call("GET", path + query)
        assert (status, problem["errors"][0]["field"]) == (422, field)
    viewer, stranger = await world.key_for("viewer"), await world.key_for("viewer", 9, 9)
    assert (await world.call("GET", path, Authorization=f"Bearer {viewer}"))[0] == 200
    assert (await world.call("GET", path, Authorization=f"Bearer {stranger}"))[0] == 404
    assert (await world.call("GET", "/v1/jobs/4711/timeline"))[0] == 404
