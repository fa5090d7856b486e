"""taskiq: aio-pika on RabbitMQ (quorum queue), results in PostgreSQL, acked when saved, two worker processes."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import uvloop
from taskiq_aio_pika import AioPikaBroker
from taskiq_pg.asyncpg import AsyncpgResultBackend

from benchmarks.peers.environment import AMQP_URL, DATABASE_URL, serve_commands

PREFETCH, PRODUCERS = 200, 50
broker = AioPikaBroker(AMQP_URL, qos=PREFETCH).with_result_backend(
    AsyncpgResultBackend(dsn=DATABASE_URL, min_size=4, max_size=16)
)


@broker.task(task_name="noop")
async def noop() -> None:
    return None


def setup() -> None:
    async def create() -> None:
        await broker.startup()
        await broker.shutdown()

    asyncio.run(create())


def enqueue(count: int) -> float:
    async def produce(share: int) -> None:
        for _ in range(share):
            await noop.kiq()

    async def kick() -> float:
        await broker.startup()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.gather(*(produce(count // PRODUCERS + (n < count % PRODUCERS)) for n in range(PRODUCERS)))
        seconds = loop.time() - begun
        await broker.shutdown()
        return seconds

    return uvloop.run(kick())


def work() -> None:
    program = str(Path(sys.executable).with_name("taskiq"))
    options = ["--workers", "2", "--max-async-tasks", "100", "--log-level", "WARNING"]
    os.execv(program, [program, "worker", "benchmarks.peers.taskiq_peer:broker", *options])


if __name__ == "__main__":
    serve_commands(setup=setup, enqueue=enqueue, work=work)
