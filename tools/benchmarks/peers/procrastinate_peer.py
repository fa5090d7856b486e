"""Procrastinate: PostgreSQL alone, jobs and events kept, deferred 100 at a time, two worker processes."""

from __future__ import annotations

import asyncio

import procrastinate
import uvloop

from benchmarks.peers.environment import DATABASE_URL, serve_commands

CONCURRENCY, BATCH = 10, 100
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=DATABASE_URL, min_size=2, max_size=20))


@app.task(name="noop", queue="default")
async def noop() -> None:
    return None


def setup() -> None:
    async def create() -> None:
        async with app.open_async():
            await app.schema_manager.apply_schema_async()

    asyncio.run(create())


def enqueue(count: int) -> float:
    async def defer() -> float:
        async with app.open_async():
            loop = asyncio.get_running_loop()
            begun = loop.time()
            for first in range(0, count, BATCH):
                await noop.batch_defer_async(*({} for _ in range(min(BATCH, count - first))))
            return loop.time() - begun

    return uvloop.run(defer())


def work() -> None:
    async def forever() -> None:
        async with app.open_async():
            await app.run_worker_async(concurrency=CONCURRENCY, wait=True, delete_jobs="never")

    uvloop.run(forever())


if __name__ == "__main__":
    serve_commands(setup=setup, enqueue=enqueue, work=work)
