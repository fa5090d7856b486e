"""Cost against size: the seed's queries, a change over HTTP and a lifecycle, beside what is stored."""

from __future__ import annotations

import asyncpg

from benchmarks.filling import fill_jobs
from benchmarks.latency import changes, timed
from benchmarks.limit import lifecycles_per_second
from benchmarks.load import check_disk, load
from benchmarks.results import Figures, Results
from benchmarks.rig import Rig
from foliot.api.queries import history
from foliot.common.ledger import plan
from foliot.scheduler.dispatcher import HAND_OUT_AHEAD
from support.databases import TestDatabase
from support.ledger import Sql

SIZES = (100_000, 1_000_000, 10_000_000)
MONTHS, DUE, HOT_JOBS = 12, 100, 100_000
WARM, REPEATS = 50, 300
SORTED = 3
"""The seed's order reads and sorts all of a job's history: of a long one, so often is enough."""
_SEED_DUE = "SELECT * FROM jobs WHERE next_run_time <= NOW() AND status = 'PENDING'"
_SEED_HISTORY = """SELECT execution_id, status, start_time, duration_ms, error_message FROM executions
WHERE job_id = $1 ORDER BY start_time DESC LIMIT 10"""


class Stored:
    """As many jobs, of which 100 are due, and as many executions over 12 months, of which one job has a tenth."""

    def __init__(self, rows: int) -> None:
        self.name = f"{rows:,} stored"
        self._rows = rows

    async def measure(self, rig: Rig, results: Results, round_: int) -> Figures:
        check_disk(rig.directory, self._rows, self._rows)
        async with rig.database() as database:
            async with database.owner() as sql:
                await load(sql, self._rows, self._rows, MONTHS, DUE)
                long = await sql.fetchval("SELECT min(job_id) FROM jobs")
            figures = await _queries(database, long, long + 7)
            async with rig.foliot(database, schedulers=0, workers=0) as bench:
                figures |= await changes(bench)
            figures["lifecycle_us"] = await _lifecycle_us(database, rig.settings.seconds / 4)
        first = results.get(f"{SIZES[0]:,} stored", round_) or figures
        times = round(figures["lifecycle_us"] / first["lifecycle_us"], 2)
        return figures | {"times_the_first": times, "problems": []}


async def _queries(database: TestDatabase, long: int, short: int) -> Figures:
    """`long`, `short`: jobs with a long and a short history."""
    scheduler, api = await asyncpg.connect(database.url("scheduler")), await asyncpg.connect(database.url("api"))
    planner = plan.SQL.select_pending_jobs.sql
    try:
        figures = await timed("due", lambda: scheduler.fetch(_SEED_DUE), REPEATS, warm=WARM)
        figures |= await timed(
            "planner", lambda: scheduler.fetch(planner, 500, 600, HAND_OUT_AHEAD), REPEATS, warm=WARM
        )
        figures |= await _history(api, "short", short, REPEATS)
        return figures | await _history(api, "long", long, SORTED)
    finally:
        await scheduler.close()
        await api.close()


async def _history(api: Sql, name: str, job_id: int, sorted_repeats: int) -> Figures:
    last = await api.fetchval("SELECT now() + interval '1 year'")
    ours = history.SQL.list_by_job.sql
    figures = await timed(f"last {name}", lambda: api.fetch(ours, job_id, last, 1, 10), REPEATS, warm=WARM)
    return figures | await timed(f"sorted {name}", lambda: api.fetch(_SEED_HISTORY, job_id), sorted_repeats, warm=1)


async def _lifecycle_us(database: TestDatabase, seconds: float) -> float:
    """CPU of the backends, with the history and 100,000 due jobs in the place of those stored."""
    async with database.owner() as sql:
        await sql.execute("TRUNCATE jobs, listed_jobs, job_versions")
        await fill_jobs(sql, HOT_JOBS)
    figures = await lifecycles_per_second(database.owner_url, HOT_JOBS, seconds)
    return round(sum(phase.cpu_us for phase in figures.phases.values()), 1)
