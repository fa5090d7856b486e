"""Resident memory over time: the scheduler with a million jobs, a worker at 1,000 jobs a second."""

from __future__ import annotations

import asyncio

from benchmarks.jobs import (
    check_recurring,
    in_seconds,
    insert_background,
    insert_recurring,
    pause_recurring,
    settle,
    until,
)
from benchmarks.processes import rss_bytes
from benchmarks.results import Figures, Results
from benchmarks.rig import Bench, Rig

JOBS, RATE, PERIOD = 1_000_000, 1_000, 10
LOOK_EVERY = 5.0
SETTLING = 0.1
MINUTES_PER_SECOND = 1 / 6
"""A run of 60 s is a watch of 10 minutes."""


class Memory:
    """`<process> mb`: the most; `<process> mb_per_min`: the slope after the first tenth, least squares."""

    name = "memory"

    async def measure(self, rig: Rig, _results: Results, _round: int) -> Figures:
        seconds = rig.settings.seconds * MINUTES_PER_SECOND * 60
        async with rig.database() as database, rig.foliot(database, workers=1) as bench:
            await insert_background(bench.sql, JOBS)
            due = await in_seconds(bench.sql, 30)
            await insert_recurring(bench.sql, RATE, PERIOD, due)
            await settle(bench.sql)
            await until(bench.sql, due)
            samples = await _watch(bench, seconds)
            await pause_recurring(bench.sql)
            await bench.until_idle("the rest")
            problems = await check_recurring(bench.sql, PERIOD)
            runs = await bench.planned()
        figures: Figures = {"seconds": seconds, "runs": runs, "problems": problems}
        for name, values in samples.items():
            process = name.partition("-")[0]
            figures[f"{process} mb"] = round(max(mb for _, mb in values), 1)
            figures[f"{process} mb_per_min"] = round(slope(values[int(len(values) * SETTLING) :]) * 60, 3)
        return figures


async def _watch(bench: Bench, seconds: float) -> dict[str, list[tuple[float, float]]]:
    loop = asyncio.get_running_loop()
    begun = shown = loop.time()
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in bench.foliot.services}
    while (at := loop.time() - begun) < seconds:
        for name, service in bench.foliot.services.items():
            samples[name].append((at, rss_bytes(service.pid) / 1e6))
        if loop.time() - shown > 60:
            shown = loop.time()
            print(
                "      " + ", ".join(f"{name} {values[-1][1]:.0f} MB" for name, values in samples.items()), flush=True
            )
        await asyncio.sleep(min(LOOK_EVERY, seconds / 20))
    return samples


def slope(points: list[tuple[float, float]]) -> float:
    """Of the least-squares line through (x, y)."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    square = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / square
