"""Lateness: from a job's scheduled_time to the moment its noop was started, by the clock of this machine.

Beside how many other schedules, at which rate, and when many are due at one instant. Nothing is left out but the first
tenth of a rate: every tick of it runs, and counts.
"""

from __future__ import annotations

import asyncio
import math
import shutil
from pathlib import Path

from benchmarks.jobs import (
    in_seconds,
    insert_background,
    insert_one_time,
    insert_recurring,
    remove,
    settle,
    until,
)
from benchmarks.latency import changes
from benchmarks.results import Figures, Results
from benchmarks.rig import Bench, Rig
from cluster.errors import ClusterError

RATES = (100, 600, 2_000, 5_000)
BURSTS = (1_000, 10_000)
PERIOD = 10
BYTES_PER_JOB = 1_500
_LATE = """
SELECT count(*) AS jobs, percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (
    ORDER BY (logs::float8 - extract(epoch FROM scheduled_time)::float8) * 1000) AS late,
    count(*) FILTER (WHERE logs::float8 < extract(epoch FROM scheduled_time)::float8) AS early
FROM executions WHERE status = 'COMPLETED' AND scheduled_time >= $1"""


class Punctuality:
    """Figures `<load> p50_ms`, `p99_ms`, `max_ms` for each rate and burst, with `others` schedules in the table."""

    def __init__(self, others: int) -> None:
        self.name = f"{others:,} schedules"
        self._others = others

    async def measure(self, rig: Rig, _results: Results, _round: int) -> Figures:
        _check_disk(rig.directory, self._others)
        figures: Figures = {"problems": []}
        async with rig.database() as database, rig.foliot(database) as bench:
            await insert_background(bench.sql, self._others)
            await settle(bench.sql)
            for rate in RATES:
                await self._at(bench, f"{rate:,}/s", figures, _Rate(rate, max(10, rig.settings.seconds // 2)))
            for burst in BURSTS:
                await self._at(bench, f"{burst:,} at once", figures, _Burst(burst))
            figures |= await changes(bench)
        return figures

    async def _at(self, bench: Bench, name: str, figures: Figures, load: _Rate | _Burst) -> None:
        due = await in_seconds(bench.sql, 4 + load.jobs / 10_000)
        await load.insert(bench, due)
        await bench.sql.execute("ANALYZE jobs")
        await until(bench.sql, due)
        await asyncio.sleep(load.seconds)
        await bench.until_idle(name)
        counted_from = await bench.sql.fetchval(
            "SELECT $1::timestamptz + make_interval(secs => $2)", due, load.seconds / 10
        )
        row = await bench.sql.fetchrow(_LATE, counted_from)
        runs = await bench.sql.fetchval("SELECT count(*) FROM executions WHERE status = 'COMPLETED'")
        assert row is not None
        if runs != load.runs:
            figures["problems"].append(f"{name}: {runs} runs of {load.runs} are COMPLETED")
        if row["early"]:
            figures["problems"].append(f"{name}: {row['early']} runs began before their time")
        for title, value in zip(("p50_ms", "p99_ms", "max_ms"), row["late"], strict=True):
            figures[f"{name} {title}"] = round(value, 1)
        print(
            f"      {name}: p50 {row['late'][0]:.1f}, p99 {row['late'][1]:.1f}, max {row['late'][2]:.1f} ms", flush=True
        )
        await remove(bench.sql)


class _Rate:
    def __init__(self, rate: int, seconds: float) -> None:
        self.rate, self.seconds = rate, seconds
        self.jobs = rate * PERIOD
        self.runs = math.floor(rate * seconds)

    async def insert(self, bench: Bench, due: object) -> None:
        await insert_recurring(bench.sql, self.rate, PERIOD, due, self.seconds)


class _Burst:
    seconds = 0.0

    def __init__(self, jobs: int) -> None:
        self.jobs = self.runs = jobs

    async def insert(self, bench: Bench, due: object) -> None:
        await insert_one_time(bench.sql, self.jobs, due, 0.0)


def _check_disk(directory: Path, jobs: int) -> None:
    needed, free = jobs * BYTES_PER_JOB * 2 + (4 << 30), shutil.disk_usage(directory).free
    if free < needed:
        raise ClusterError(f"{jobs:,} schedules need {needed >> 30} GB of disk, {free >> 30} GB are free: free some")
