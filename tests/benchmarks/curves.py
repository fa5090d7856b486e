"""Cost against size: the seed's queries and a lifecycle, with 100,000, 1,000,000 and 10,000,000 rows stored.

    python -m benchmarks.curves --sizes 100000 1000000

Each size is a database of its own: that many jobs of which 100 are due, and that many executions over 12 months of which one
job owns a tenth; then 100,000 due jobs beside them for the lifecycles. Queries are timed warm, on one connection.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import asyncpg
import structlog
import uvloop
from aiohttp.test_utils import TestClient, TestServer

from benchmarks.filling import fill_jobs
from benchmarks.limit import Figures, lifecycles_per_second
from benchmarks.load import check_disk, load
from benchmarks.primary import a_database, start_primary
from foliot.api.app import build_app
from foliot.api.create_key import create
from foliot.common.clock import SystemClock
from foliot.common.database import Database
from foliot.common.repositories import executions, jobs
from foliot.scheduler.dispatcher import AHEAD
from support.databases import TestDatabase
from support.ledger import Sql

MONTHS, DUE, HOT_JOBS = 12, 100, 100_000
WARM, REPEATS = 50, 300
_SEED_DUE = "SELECT * FROM jobs WHERE next_run_time <= NOW() AND status = 'PENDING'"
_SEED_HISTORY = """SELECT execution_id, status, start_time, duration_ms, error_message FROM executions
WHERE job_id = $1 ORDER BY start_time DESC LIMIT 10"""
JOB = {"job_name": "one more", "job_type": "script", "schedule": "0 9 * * *", "payload": {"script": "true"}}


async def _timed(ask: Callable[[], Awaitable[Any]], repeats: int = REPEATS) -> list[float]:
    """Milliseconds of each of the repeats."""
    for _ in range(min(WARM, repeats)):
        await ask()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        await ask()
        times.append((time.perf_counter() - started) * 1000)
    return times


def _say(what: str, times: list[float]) -> None:
    print(f"    {what:<52} p50 {median(times):7.3f} ms   p99 {quantiles(times, n=100)[98]:7.3f} ms", flush=True)


async def queries(database: TestDatabase, long: int, short: int) -> None:
    """`long`, `short`: jobs with a long and a short history."""
    scheduler, api = await asyncpg.connect(database.url("scheduler")), await asyncpg.connect(database.url("api"))
    try:
        _say("seed: due jobs (100)", await _timed(lambda: scheduler.fetch(_SEED_DUE)))
        _say(
            "select_pending_jobs (100)",
            await _timed(lambda: scheduler.fetch(jobs.SQL.select_pending_jobs.sql, 500, 600, AHEAD)),
        )
        for name, job_id in (("short", short), ("long", long)):
            await _history(api, name, job_id)
    finally:
        await scheduler.close()
        await api.close()


async def _history(api: Sql, name: str, job_id: int) -> None:
    last = await api.fetchval("SELECT now() + interval '1 year'")
    _say(f"list_by_job, last 10, {name} history", await _timed(
        lambda: api.fetch(executions.SQL.list_by_job.sql, job_id, last, 1, 10)))  # fmt: skip
    repeats = REPEATS if name == "short" else 3  # the seed's order reads and sorts all of a job's history
    _say(
        f"seed: last 10 by start_time, {name} history", await _timed(lambda: api.fetch(_SEED_HISTORY, job_id), repeats)
    )


async def changes(database: TestDatabase) -> None:
    """Creating and editing one job over HTTP, one request after the other."""
    async with Database(database.url("api"), size=4, name="curves") as units:
        app = build_app(units, SystemClock(), _ready)
        async with TestClient(TestServer(app)) as client:
            key = await create(database.url("api"), "admin", "curves", 1, None)
            headers = {"Authorization": f"Bearer {key}"}
            made: list[int] = []

            async def post() -> None:
                async with client.post("/v1/jobs", json=JOB, headers=headers) as response:
                    made.append((await response.json())["job_id"])

            async def patch() -> None:
                body = {"description": str(time.time())}
                async with client.patch(f"/v1/jobs/{made.pop()}", json=body, headers=headers) as response:
                    assert response.status == 200

            _say("POST /v1/jobs", await _timed(post))
            _say("PATCH /v1/jobs/{job_id}", await _timed(patch))


async def _ready() -> tuple[bool, dict[str, Any]]:
    return True, {}


async def lifecycles(database: TestDatabase, seconds: float) -> Figures:
    """With 100,000 due jobs, whatever else is stored."""
    async with database.owner() as sql:
        await sql.execute("TRUNCATE jobs, listed_jobs, job_versions")
        await fill_jobs(sql, HOT_JOBS)
    return await lifecycles_per_second(database.owner_url, HOT_JOBS, seconds)


async def measure(server_url: str, size: int, seconds: float) -> Figures:
    async with a_database(server_url, f"size_{size}") as database:
        async with database.owner() as sql:
            await load(sql, size, size, MONTHS, DUE)
            first = await sql.fetchval("SELECT min(job_id) FROM jobs")
        print(f"{size:,} jobs, {size:,} executions", flush=True)
        await queries(database, first, first + 7)
        await changes(database)
        return await lifecycles(database, seconds)


async def main(sizes: list[int], seconds: float) -> None:
    check_disk(Path("/tmp"), max(sizes), max(sizes))
    async with start_primary() as server_url:
        first = 0.0
        for size in sizes:
            figures = await measure(server_url, size, seconds)
            us = sum(phase.cpu_us for phase in figures.phases.values())
            first = first or us
            print(f"    lifecycle with {size:,} executions stored: {us:.1f} us CPU of the backends, {us / first:.2f} of the first, "
                  f"{figures.per_second:,.0f}/s", flush=True)  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--seconds", type=float, default=15.0)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    uvloop.run(main(given.sizes, given.seconds))
