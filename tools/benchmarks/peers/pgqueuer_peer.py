"""pgqueuer: PostgreSQL alone, logged tables, batches of 500, two worker processes."""

from __future__ import annotations

import asyncio
import logging

import asyncpg
import uvloop
from pgqueuer import AsyncpgDriver, Job, PgQueuer, Queries

from benchmarks.peers.environment import DATABASE_URL, serve_commands

BATCH = 500


def setup() -> None:
    async def create() -> None:
        connection = await asyncpg.connect(DATABASE_URL)
        await Queries(AsyncpgDriver(connection)).install()
        await connection.close()

    asyncio.run(create())


def enqueue(count: int) -> float:
    async def insert() -> float:
        connection = await asyncpg.connect(DATABASE_URL)
        queries = Queries(AsyncpgDriver(connection))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for first in range(0, count, BATCH):
            size = min(BATCH, count - first)
            await queries.enqueue(["noop"] * size, [None] * size, [0] * size)
        seconds = loop.time() - begun
        await connection.close()
        return seconds

    return uvloop.run(insert())


def work() -> None:
    logging.disable(logging.INFO)

    async def forever() -> None:
        pgq = PgQueuer(AsyncpgDriver(await asyncpg.connect(DATABASE_URL)))

        @pgq.entrypoint("noop")
        async def noop(_job: Job) -> None:
            return None

        await pgq.qm.run(batch_size=BATCH)

    uvloop.run(forever())


if __name__ == "__main__":
    serve_commands(setup=setup, enqueue=enqueue, work=work)
