"""GET /v1/jobs/{job_id}/timeline: the range by default, its order and its parts, and the outcomes that it leaves out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from foliot.common.clock import rfc3339
from support.databases import TestDatabase
from support.pinned_time import pin_time

from .conftest import open_api
from .world import NOON, World


@pytest.fixture
async def world(database: TestDatabase) -> AsyncIterator[World]:
    await pin_time(database, NOON)
    async with open_api(database) as api:
        yield World(api.client, database, api.key)


def at(answer: Any) -> list[float]:
    """Seconds after noon."""
    return [(datetime.fromisoformat(tick["scheduled_time"]) - NOON).total_seconds() for tick in answer["items"]]


async def test_the_default_begins_at_the_creation_or_a_day_ago(world: World) -> None:
    """A job of a minute's age shows its own ticks, not a day of ticks before it."""
    job = await world.create(schedule="*/10 * * * * *")
    await world.at(35)
    await world.plan()
    answer = await world.get(job)
    assert at(answer)[:4] == [10, 20, 30, 40]
    assert {tick["outcome"] for tick in answer["items"]} == {"QUEUED", "TO_COME"}
    await world.at(86_400 * 2 + 5)
    await world.plan()
    assert at(await world.get(job))[0] == 86_400 + 10


async def test_a_tick_before_the_creation_is_in_the_default(world: World) -> None:
    """An instant may have passed by the grace."""
    job = await world.create(schedule=rfc3339(NOON - timedelta(seconds=30)))
    assert at(await world.get(job)) == [-30]


async def test_newest_first_ends_now_and_goes_back_in_parts(world: World) -> None:
    job = await world.create(schedule="*/10 * * * * *", overlap_policy="allow", misfire_policy="run_all")
    await world.at(12_005)
    await world.plan()
    first = await world.get(job, "order=desc")
    assert at(first) == [12_000 - 10 * n for n in range(1_000)]
    assert "next_from" not in first
    second = await world.get(job, f"order=desc&to={quote(first['next_to'])}")
    assert at(second) == [2_000 - 10 * n for n in range(200)]
    assert second["next_to"] is None
    oldest_first = await world.ask(job, NOON, NOON + timedelta(seconds=12_005))
    assert at(first)[::-1] == at(oldest_first)[200:] + at(
        await world.get(
            job, f"from={quote(oldest_first['next_from'])}&to={quote(rfc3339(NOON + timedelta(seconds=12_005)))}"
        )
    )


async def test_newest_first_over_many_versions(world: World) -> None:
    """Also where the job has more versions than one answer looks at."""
    job = await world.create(schedule="*/10 * * * * *")
    await world.rows(
        "UPDATE job_versions SET valid_to = $2 WHERE job_id = $1", job["job_id"], NOON + timedelta(seconds=5)
    )
    await world.rows(
        """INSERT INTO job_versions (job_id, version, status, definition, valid_from, valid_to)
           SELECT job_id, 1 + n, status, definition, valid_to + (n - 1) * interval '1 s',
               CASE WHEN n < 1100 THEN valid_to + n * interval '1 s' END
           FROM job_versions, generate_series(1, 1100) n WHERE job_id = $1""",
        job["job_id"],
    )
    await world.at(1_200)
    first = await world.get(job, "order=desc")
    second = await world.get(job, f"order=desc&to={quote(first['next_to'])}")
    assert at(first) + at(second) == [1_200 - 10 * n for n in range(120)]


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_only_the_outcomes_that_are_asked_for(world: World, order: str) -> None:
    job = await world.create(schedule="*/10 * * * * *")
    for second, status in ((10.5, "COMPLETED"), (20.5, "FAILED"), (30.5, "TIMEOUT")):
        await world.at(second)
        await world.plan()
        await world.end(job, status)
    answer = await world.get(job, f"order={order}&outcome=FAILED,TIMEOUT")
    assert [tick["outcome"] for tick in answer["items"]] == ["FAILED", "TIMEOUT"][:: 1 if order == "asc" else -1]


@pytest.mark.parametrize(
    ("query", "field"), [("outcome=BROKEN", "outcome"), ("order=newest", "order"), ("outcome=", "outcome")]
)
async def test_a_wrong_parameter_of_a_timeline_is_named(world: World, query: str, field: str) -> None:
    job = await world.create()
    status, problem, _ = await world.call("GET", f"/v1/jobs/{job['job_id']}/timeline?{query}")
    assert (status, [error["field"] for error in problem["errors"]]) == (422, [field])
