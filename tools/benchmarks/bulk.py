"""Bulk creation, beside the same rows written to PostgreSQL alone; and an apply that finds little to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import orjson

from benchmarks.jobs import Sql
from benchmarks.post import WITHOUT_THEIR_ROWS
from benchmarks.results import Figures, Results
from benchmarks.rig import Bench, Rig
from foliot.api.jobs.creation import NewJob, _prepared
from foliot.api.jobs.definition import decode
from foliot.api.queries.unit import Unit
from foliot.api.web.auth import Principal, Role
from foliot.api.web.callers import Caller
from foliot.common.clock import rfc3339
from foliot.common.ledger.database import Database
from foliot.common.ledger.definitions import Creation

JOBS = 20_000
APPLIED, CHANGED = 10_000, 10
REQUEST, STATEMENT = 1_000, 500
"""Jobs of one request, and of one statement."""
AT_ONCE = 3


def body(number: int) -> dict[str, Any]:
    return {
        "job_name": f"bench {number}", "job_key": f"key {number}", "job_type": "http_request", "schedule": "0 3 * * *",
        "payload": {"url": "https://example.com/hook", "method": "POST", "body": {"number": number}},
        "labels": {"team": "bench"},
    }  # fmt: skip


async def in_parallel(parts: Sequence[Any], work: Callable[[Any], Awaitable[None]]) -> float:
    """Seconds until all are done, AT_ONCE at a time."""
    left = iter(parts)

    async def worker() -> None:
        for part in left:
            await work(part)

    begun = time.monotonic()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return time.monotonic() - begun


class Create:
    """POST /v1/jobs/bulk, 1,000 jobs a request, on an API that has just started."""

    name = "bulk create"

    async def measure(self, rig: Rig, _results: Results, _round: int) -> Figures:
        parts = [
            orjson.dumps({"action": "create", "jobs": [body(n) for n in range(begin, begin + REQUEST)]})
            for begin in range(0, JOBS, REQUEST)
        ]
        async with rig.database() as database, rig.foliot(database, schedulers=0, workers=0) as bench:
            watch = bench.watch()
            seconds = await in_parallel(parts, lambda part: post(bench, part))
            return watch.figures(JOBS) | {"per_second": round(JOBS / seconds), "problems": await check(bench.sql)}


class CreateAlone:
    """The same rows by the same statement, made beforehand: without HTTP, checks and answers."""

    name = "postgresql alone"

    async def measure(self, rig: Rig, _results: Results, _round: int) -> Figures:
        async with rig.database() as database, database.owner() as sql:
            async with Database(database.url("api"), Unit, size=AT_ONCE, name="bench") as units:
                parts = [part async for part in creations(units)]

                async def write(part: Sequence[Creation]) -> None:
                    async with units.transaction() as unit:
                        await unit.definitions.insert_created(part)

                seconds = await in_parallel(parts, write)
            return {"per_second": round(JOBS / seconds), "seconds": round(seconds, 2), "problems": await check(sql)}


async def creations(units: Database[Unit]) -> AsyncIterator[list[Creation]]:
    caller = Caller(
        principal=Principal(1, 1, None, Role.ADMIN),
        request_id="bench",
        traceparent=None,
        ip_address=None,
        user_agent="",
    )
    for begin in range(0, JOBS, STATEMENT):
        async with units.session() as unit:
            now, job_ids = await unit.definitions.reserve_job_ids(STATEMENT)
        made = [
            _prepared(NewJob(definition=decode(body(begin + n)), caller=caller), job_id, now, rfc3339(now))
            for n, job_id in enumerate(job_ids)
        ]
        yield [one.creation for one in made if not isinstance(one, Exception)]


class Apply:
    """An apply of 10,000 jobs of which 10 have changed."""

    name = "apply"

    async def measure(self, rig: Rig, _results: Results, _round: int) -> Figures:
        jobs = [body(n) for n in range(APPLIED)]
        async with rig.database() as database, rig.foliot(database, schedulers=0, workers=0) as bench:
            first = await post(bench, applied(jobs))
            while (await bench.foliot.call("GET", f"/v1/operations/{first['operation_id']}"))["status"] == "RUNNING":
                await asyncio.sleep(0.1)
            changed = [job | {"priority": 7} for job in jobs[:CHANGED]] + jobs[CHANGED:]
            watch, begun = bench.watch(), time.monotonic()
            answer = await post(bench, applied(changed))
            seconds = time.monotonic() - begun
            wrong = [] if (answer["matched"], answer["done"]) == (APPLIED, CHANGED) else [f"done: {answer['done']}"]
            return watch.figures(APPLIED) | {"apply_s": round(seconds, 2), "problems": wrong}


def applied(jobs: Sequence[dict[str, Any]]) -> bytes:
    return orjson.dumps({"action": "apply", "set": "bench", "jobs": jobs})


async def post(bench: Bench, part: bytes) -> Any:
    headers = {"Content-Type": "application/json"}
    async with bench.foliot.http.post("/v1/jobs/bulk", data=part, headers=headers) as response:
        answer = orjson.loads(await response.read())
        assert response.status in (200, 202), answer
        assert answer["failed"] == 0, answer
        return answer


async def check(sql: Sql) -> list[str]:
    rows = await sql.fetchval("SELECT count(*) FROM jobs")
    alone = await sql.fetchval(WITHOUT_THEIR_ROWS, timeout=600)
    problems = [] if rows == JOBS else [f"{rows} jobs of {JOBS}"]
    return problems + ([f"{alone} jobs without exactly one version and one audit row"] if alone else [])
