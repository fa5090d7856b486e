"""One thing after the other, and how long each took."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from statistics import median, quantiles
from typing import Any

from benchmarks.results import Figures
from benchmarks.rig import Bench

CHANGES = 300


async def timed(name: str, action: Callable[[], Awaitable[Any]], repeats: int, *, warm: int = 0) -> Figures:
    """`<name> p50_ms` and `<name> p99_ms` of at least two repeats, after those that warm up."""
    for _ in range(warm):
        await action()
    took = []
    for _ in range(repeats):
        begun = time.perf_counter()
        await action()
        took.append((time.perf_counter() - begun) * 1000)
    return {f"{name} p50_ms": round(median(took), 3), f"{name} p99_ms": round(quantiles(took, n=100)[98], 3)}


async def changes(bench: Bench) -> Figures:
    """Creating and editing one job over HTTP."""
    ids: list[int] = []

    async def create() -> None:
        job = await bench.foliot.create(schedule="0 3 * * *", job_name="one more")
        ids.append(job["job_id"])

    async def edit() -> None:
        await bench.foliot.call("PATCH", f"/v1/jobs/{ids.pop()}", {"schedule": "0 4 * * *"})

    return await timed("create", create, CHANGES) | await timed("edit", edit, CHANGES)
