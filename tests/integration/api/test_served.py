"""What no living worker has: a warning in the answer of a job, a reason on its waiting run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from foliot.api.views import served
from foliot.common.clock import SystemClock
from foliot.common.errors import Unavailable
from foliot.common.ledger.workers import WorkerRow
from support.making import NOW

from .conftest import Api

SQL = {"job_type": "sql_query", "payload": {"datasource": "sales", "query": "SELECT 1"}}
GPU = [{"field": "pool", "message": "no worker serves the pool gpu"}]
SALES = [{"field": "payload.datasource", "message": "no worker of the pool default has the data source sales"}]


@pytest.fixture
async def api(api: Api, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """Looks at the workers for each answer."""
    monkeypatch.setattr(served, "LOOK_EVERY_SECONDS", 0.0)
    await works(api, ["default"], ["demo"])
    yield api
    await api.rows("DELETE FROM workers")


async def works(api: Api, pools: list[str], datasources: list[str] | None) -> None:
    await api.rows(
        """INSERT INTO workers (claim, worker_id, pools, slots, datasources)
           SELECT COALESCE(max(claim), 0) + 1, 'w' || COALESCE(max(claim), 0) + 1, $1::text[], 1, $2::text[] FROM workers""",
        pools, datasources,
    )  # fmt: skip


async def warnings(api: Api, **fields: Any) -> list[dict[str, str]]:
    """The same at creation, with an Idempotency-Key and without, and where the job is read."""
    made = await api.create(**fields)
    _, job, _ = await api.call("GET", f"/v1/jobs/{made['job_id']}")
    _, edited, _ = await api.call("PATCH", f"/v1/jobs/{made['job_id']}", {"priority": 2})
    assert made["warnings"] == job["warnings"] == edited["warnings"]
    found: list[dict[str, str]] = made["warnings"]
    return found


async def test_a_pool_that_nobody_serves(api: Api) -> None:
    assert await warnings(api) == []
    assert await warnings(api, pool="gpu") == GPU
    await works(api, ["gpu", "other"], [])
    assert await warnings(api, pool="gpu") == []


async def test_a_data_source_that_nobody_of_the_pool_has(api: Api) -> None:
    assert await warnings(api, **SQL) == SALES
    await works(api, ["other"], ["sales"])
    assert await warnings(api, **SQL) == SALES
    await works(api, ["default"], ["sales"])
    assert await warnings(api, **SQL) == []


async def test_a_worker_of_the_release_before_may_have_any_source(api: Api) -> None:
    await works(api, ["default"], None)
    assert await warnings(api, **SQL) == []


async def test_the_silent_do_not_count(api: Api) -> None:
    await api.rows("UPDATE workers SET last_heartbeat = now() - interval '1 hour'")
    assert (await warnings(api))[0]["message"] == "no worker serves the pool default"


async def test_the_waiting_run_says_why(api: Api) -> None:
    for fields, reason in (({"pool": "gpu"}, GPU), (SQL, SALES), ({}, None)):
        job = await api.create(schedule="manual", **fields)
        _, started, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run")
        _, execution, _ = await api.call("GET", f"/v1/executions/{started['execution_id']}")
        _, page, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}/executions")
        told = [started["reason"], execution["reason"], page["items"][0]["reason"]]
        assert told == [reason[0]["message"] if reason else None] * 3
    _, ended, _ = await api.call("POST", f"/v1/executions/{execution['execution_id']}/cancel")
    assert (ended["status"], ended["reason"]) == ("CANCELLED", None)


async def test_a_run_with_another_payload_waits_for_its_own_source(api: Api) -> None:
    job = await api.create(schedule="manual", **SQL)
    payload = {"payload": {"datasource": "demo", "query": "SELECT 1"}}
    _, started, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run", payload)
    assert started["reason"] is None


class Slow:
    """A database that does not answer before it is told to; then it is away."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        self.asked += 1
        self.is_asked.set()
        await self.may_answer.wait()
        raise Unavailable("away")
        yield


async def test_one_looks_and_nobody_waits_for_it_or_fails_with_it() -> None:
    """A hundred that each hold a connection and wait for another one would stop an API."""
    database = Slow()
    looked = served.Served(database, SystemClock())  # type: ignore[arg-type]
    looking = asyncio.create_task(looked.fleet())
    await database.is_asked.wait()
    assert await asyncio.gather(*(looked.fleet() for _ in range(100))) == [served.Fleet()] * 100
    database.may_answer.set()
    assert await looking == await looked.fleet() == served.Fleet()
    assert database.asked == 1


def a_worker(*pools: str, datasources: list[str] | None) -> WorkerRow:
    return WorkerRow(
        worker_id="w",
        pools=list(pools),
        datasources=datasources,
        slots=1,
        running=0,
        last_heartbeat=NOW,
        started_at=NOW,
    )


def test_sources_are_those_of_all_workers_of_a_pool() -> None:
    workers = [a_worker("a", "b", datasources=["x"]), a_worker("b", datasources=["y"]), a_worker("c", datasources=None)]
    fleet = served.fleet_of(workers)
    assert fleet.pools == {"a": frozenset("x"), "b": frozenset("xy"), "c": None}
    assert served.Fleet().lacks("unknown", "z") is None
