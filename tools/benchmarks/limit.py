"""The limit that PostgreSQL alone sets: the statements of plan, claim and record, without broker, services and decisions.

    python -m benchmarks.limit --jobs 100000

One lifecycle is a due job planned (look; lock, insert, advance), claimed, and recorded with the end of its run, in batches
of 500, each phase on connections of its own and under its service's role.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import TypeVar

import asyncpg
import msgspec
import uvloop

from benchmarks.filling import fill_jobs
from benchmarks.primary import a_database, cpu_of, cpu_of_server, start_primary
from foliot.common.ledger.database import Database
from foliot.common.ledger.workers import Offer
from foliot.common.model.execution import Handle, Outcome
from foliot.common.model.ticks import PlainTick
from foliot.scheduler import unit as scheduler
from foliot.scheduler.decisions import NO_FLOOR
from foliot.scheduler.dispatcher import HAND_OUT_AHEAD
from foliot.worker import unit as worker
from support.databases import TestDatabase

BATCH = 500
ROUND = timedelta(seconds=1)
WAITING_BATCHES = 4
CLAIM, LEASE = 1, 3_600.0
"""The claim token, and a lease that outlives a run: it has one heartbeat, at its start."""
OFFER = Offer(worker_id="worker-1", pools=["default"], slots=BATCH, datasources=[])
PHASES = ("plan", "claim", "record")
_Unit = TypeVar("_Unit", scheduler.Unit, worker.Unit)


class Phase(msgspec.Struct):
    """One phase: rows written, seconds inside its transactions, microseconds of its backends' CPU a row."""

    rows: int = 0
    busy: float = 0.0
    cpu_us: float = 0.0

    def row_us(self) -> float:
        return self.busy / max(1, self.rows) * 1e6


class Figures(msgspec.Struct, kw_only=True):
    """Figures of one run; CPU in microseconds a lifecycle, `hot` the share of HOT among the updates."""

    jobs: int
    seconds: float
    lifecycles: int
    per_second: float
    server_us: float
    client_us: float
    wal_bytes: float
    hot_executions: float
    hot_jobs: float
    phases: dict[str, Phase]


class Pipeline:
    """Planner -> claimers -> recorders, as the services are, with bounded queues between them."""

    def __init__(self, database: TestDatabase) -> None:
        self.database = database
        self.phases = {name: Phase() for name in PHASES}
        self.pids: dict[str, list[int]] = {name: [] for name in PHASES}
        self.planned: asyncio.Queue[Sequence[Handle]] = asyncio.Queue(WAITING_BATCHES)
        self.claimed: asyncio.Queue[Sequence[Handle]] = asyncio.Queue(WAITING_BATCHES)

    @contextlib.asynccontextmanager
    async def connection(self, phase: str, service: str, unit_of: type[_Unit]) -> AsyncIterator[Database[_Unit]]:
        async with Database(self.database.url(service), unit_of, size=1, name=phase) as units:
            async with units.session() as unit:
                pid = await unit.session._connection.fetchval("SELECT pg_backend_pid()")
            self.pids[phase].append(pid)
            yield units

    async def plan(self) -> None:
        async with self.connection("plan", "scheduler", scheduler.Unit) as units:
            async with units.transaction() as unit:
                term = await unit.terms.take_term("limit", time.time_ns(), "limit")
            assert term is not None
            while True:
                started = time.perf_counter()
                rows = await _plan_batch(units, term)
                self._count("plan", len(rows), started)
                if not rows:
                    raise RuntimeError("nothing is due any more: more jobs are needed")
                await self.planned.put(rows)

    async def claim(self) -> None:
        async with self.connection("claim", "worker", worker.Unit) as units:
            async with units.session() as unit:
                await unit.workers.beat_worker(CLAIM, OFFER, 0, 0)
            while True:
                batch = await self.planned.get()
                started = time.perf_counter()
                async with units.session() as unit:
                    rows = await unit.claims.claim_executions(batch, "worker-1", CLAIM, LEASE, False)
                self._count("claim", len(rows), started)
                await self.claimed.put(batch)

    async def record(self) -> None:
        async with self.connection("record", "worker", worker.Unit) as units:
            while True:
                batch = await self.claimed.get()
                started = time.perf_counter()
                outcomes = [Outcome(execution_id=handle.execution_id, scheduled_time=handle.scheduled_time,
                                    status="COMPLETED", exit_code=0) for handle in batch]  # fmt: skip
                async with units.session() as unit:
                    rows = await unit.claims.record_executions(outcomes, [0.0] * len(outcomes), CLAIM, plain=True)
                self._count("record", len(rows), started)

    def _count(self, phase: str, rows: int, started: float) -> None:
        self.phases[phase].rows += rows
        self.phases[phase].busy += time.perf_counter() - started


async def _plan_batch(units: Database[scheduler.Unit], term: int) -> Sequence[Handle]:
    async with units.session() as unit:
        due = await unit.plan.select_pending_jobs(BATCH, HAND_OUT_AHEAD)
    ticks = [
        PlainTick(
            job_id=job.job_id, at=job.at, read_xmin=job.read_xmin, scheduled_time=job.next_run_time,
            next_run_time=job.next_run_time + ROUND, pool="default", priority=0, dispatch=True,
        )
        for job in sorted(due, key=attrgetter("job_id"))
    ]  # fmt: skip
    async with units.session() as unit:
        _, made = await unit.plan.plan_plain_ticks(ticks, term, NO_FLOOR)
    return [Handle(made[tick.job_id], tick.scheduled_time) for tick in ticks if tick.job_id in made]


class Reading(msgspec.Struct, frozen=True):
    """All counters at one moment."""

    at: float
    phases: dict[str, tuple[int, float, float]]
    server: float
    client: float
    wal: int
    updates: dict[str, tuple[int, int]]


_UPDATES = """
SELECT CASE WHEN relname LIKE 'executions%' THEN 'executions' ELSE 'jobs' END AS name,
    sum(n_tup_upd)::bigint AS updates, sum(n_tup_hot_upd)::bigint AS hot
FROM pg_stat_user_tables WHERE relname ~ '^(executions_|jobs$)' GROUP BY 1"""


async def _read(sql: asyncpg.Connection[asyncpg.Record], pipeline: Pipeline) -> Reading:
    wal = await sql.fetchval("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")
    rows = await sql.fetch(_UPDATES)
    phases = {
        name: (phase.rows, phase.busy, sum(map(cpu_of, pipeline.pids[name]))) for name, phase in pipeline.phases.items()
    }
    return Reading(
        time.perf_counter(), phases, cpu_of_server(sql.get_server_pid()), time.process_time(), wal,
        {row["name"]: (row["updates"], row["hot"]) for row in rows},
    )  # fmt: skip


def _figures(jobs: int, first: Reading, last: Reading) -> Figures:
    lifecycles = last.phases["record"][0] - first.phases["record"][0]
    seconds = last.at - first.at
    each = 1e6 / max(1, lifecycles)
    phases = {}
    for name in PHASES:
        rows, busy, cpu = (b - a for a, b in zip(first.phases[name], last.phases[name], strict=True))
        phases[name] = Phase(int(rows), busy, cpu / max(1, rows) * 1e6)
    return Figures(
        jobs=jobs, seconds=seconds, lifecycles=lifecycles, per_second=lifecycles / seconds,
        server_us=(last.server - first.server) * each, client_us=(last.client - first.client) * each,
        wal_bytes=(last.wal - first.wal) / max(1, lifecycles), hot_executions=_hot("executions", first, last),
        hot_jobs=_hot("jobs", first, last), phases=phases,
    )  # fmt: skip


def _hot(table: str, first: Reading, last: Reading) -> float:
    updates = last.updates[table][0] - first.updates[table][0]
    return (last.updates[table][1] - first.updates[table][1]) / max(1, updates)


async def lifecycles_per_second(
    database_url: str, jobs: int, seconds: float, *, warm_up: float = 2.0, connections: int = 1
) -> Figures:
    """Measure for `seconds` after `warm_up` seconds, over a database that was filled with `jobs` due jobs.

    `database_url` is the owner's; each phase logs in as its service's role (password `test`). `connections`: of claim
    and of record each; plan has one, as a leader has.
    """
    pipeline = Pipeline(TestDatabase(database_url))
    sql = await asyncpg.connect(database_url)
    try:
        tasks = [asyncio.create_task(pipeline.plan(), name="plan")]
        for number in range(connections):
            tasks.append(asyncio.create_task(pipeline.claim(), name=f"claim-{number}"))
            tasks.append(asyncio.create_task(pipeline.record(), name=f"record-{number}"))
        await _unless_one_ends(tasks, warm_up)
        first = await _read(sql, pipeline)
        await _unless_one_ends(tasks, seconds)
        last = await _read(sql, pipeline)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return _figures(jobs, first, last)
    finally:
        await sql.close()


async def _unless_one_ends(tasks: Sequence[asyncio.Task[None]], seconds: float) -> None:
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


def lines(figures: Figures) -> list[str]:
    """The figures for people."""
    head = (
        f"{figures.jobs:>9,} jobs  {figures.per_second:>9,.0f} lifecycles/s  server {figures.server_us:5.1f} us  "
        f"client {figures.client_us:5.1f} us  WAL {figures.wal_bytes:,.0f} B  HOT executions {figures.hot_executions:.0%} "
        f"jobs {figures.hot_jobs:.0%}"
    )
    return [head] + [
        f"    {name:<7} {phase.row_us():6.1f} us a row in its transaction, {phase.cpu_us:6.1f} us CPU of its backend"
        for name, phase in figures.phases.items()
    ]


async def main(jobs: int, seconds: float, connections: int, rounds: int) -> None:
    async with start_primary() as server_url:
        for number in range(rounds):
            async with a_database(server_url, f"limit_{number}") as database:
                async with database.owner() as sql:
                    await fill_jobs(sql, jobs)
                figures = await lifecycles_per_second(database.owner_url, jobs, seconds, connections=connections)
            print("\n".join(lines(figures)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    uvloop.run(main(given.jobs, given.seconds, given.connections, given.rounds))
