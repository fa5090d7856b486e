"""Hostile messages into a worker with a real RabbitMQ.

    make fuzz SUITE=amqp COUNT=100000 SEED=foliot

Every message has to end: acked because it is void, run or handed back, or set aside in dead_letter_queue. Beside them a
job ticks every second. No lease may be lost, no message may stay unacked, no run may fail, and memory has to stay flat.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
import zoneinfo
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import msgspec

from chaos.rig import REPOSITORY
from cluster.servers import Servers, start_servers
from foliot.common.broker.link import Link
from foliot.common.broker.publishing import Publisher
from foliot.common.broker.topology import DEFAULT_POOL, pool_queues, topology
from foliot.common.clock import SystemClock
from foliot.common.migrate import migrate
from fuzz.amqp_messages import drawn
from support.databases import TestDatabase
from support.foliot import Foliot
from support.scrapes import scrape
from support.starting import start_foliot

AT_ONCE = 100
PROGRESS_EVERY = 10_000
"""Messages whose confirms are outstanding at once."""
GROWTH = 30
"""MB by which the worker's memory may grow after the first tenth of the messages."""
STUCK_AFTER = 60.0
"""Seconds without a message fewer in the queues, after the last was sent, in which nothing will end any more."""
QUEUES = [queue.name for queue in pool_queues(DEFAULT_POOL)]


class Figures(msgspec.Struct):
    """The outcome of a campaign; `faults` is empty if it held."""

    messages: int = 0
    set_aside: int = 0
    completed: int = 0
    growth: float = 0.0
    """MB."""
    seconds: float = 0.0
    faults: list[str] = msgspec.field(default_factory=list)


async def campaign(servers: Servers, foliot: Foliot, messages: int, seed: str) -> Figures:
    """Send the messages to `worker-1`, wait until all have ended, and look at what is left."""
    job = await foliot.create(schedule="@every 1s", overlap_policy="allow")
    await foliot.ended(job["job_id"])
    figures, began, chance = Figures(messages=messages), time.monotonic(), random.Random(seed)
    link = Link(foliot.amqp_url, name="fuzz", clock=SystemClock(), queues=lambda: topology({DEFAULT_POOL}))
    publisher, memory = Publisher(link), 0.0
    try:
        for sent in range(0, messages, AT_ONCE):
            known = await _known(foliot)
            bodies = [drawn(chance, known) for _ in range(min(AT_ONCE, messages - sent))]
            await asyncio.gather(*(publisher.publish(chance.choice(QUEUES), body, "fuzz") for body in bodies))
            if sent <= messages // 10:
                memory = _megabytes(foliot)
            if sent and sent % PROGRESS_EVERY == 0:
                print(f"{sent} of {messages} messages sent", flush=True)
    finally:
        await publisher.close()
    figures.faults += await _drained(servers, foliot)
    figures.seconds = time.monotonic() - began
    figures.growth = _megabytes(foliot) - memory
    await _look(foliot, job["job_id"], figures)
    return figures


async def _known(foliot: Foliot) -> list[list[int]]:
    async with foliot.sql() as sql:
        rows = await sql.fetch(
            """SELECT execution_id, (extract(epoch FROM scheduled_time) * 1000000)::bigint AS us, job_id, attempt_number
               FROM executions ORDER BY execution_id DESC LIMIT 20"""
        )
    return [list(row.values()) for row in rows]


async def _drained(servers: Servers, foliot: Foliot) -> list[str]:
    """Wait until no message is left in the queues of the pool, but for those of the last tick; a fault if some stay."""
    least, since = await _left(servers, foliot), time.monotonic()
    while least > 2:
        await asyncio.sleep(1)
        left = await _left(servers, foliot)
        if left < least:
            least, since = left, time.monotonic()
        elif time.monotonic() - since > STUCK_AFTER:
            return [f"{left} messages never ended"]
    return []


async def _left(servers: Servers, foliot: Foliot) -> int:
    """Messages in the queues of the pool, the unacked ones among them."""
    vhost = urlsplit(foliot.amqp_url).path[1:]
    process = await asyncio.create_subprocess_exec(
        "/usr/lib/rabbitmq/bin/rabbitmqctl", "-q", "list_queues", "-p", vhost, "name", "messages",
        env=servers.rabbitmqctl_environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    return sum(int(total) for name, total in _table(out.decode()) if name in QUEUES)


def _table(text: str) -> list[list[str]]:
    rows = [line.split("\t") for line in text.splitlines()]
    return [row for row in rows if len(row) == 2 and row[1].isdigit()]


async def _look(foliot: Foliot, job_id: int, figures: Figures) -> None:
    seen = await scrape(foliot, "worker")
    figures.set_aside = int(seen.sum("worker_unreadable_messages_total"))
    async with foliot.sql() as sql:
        rows = await sql.fetch("SELECT status, count(*) AS n FROM executions WHERE job_id = $1 GROUP BY 1", job_id)
    states: dict[str, int] = {row["status"]: row["n"] for row in rows}
    figures.completed = states.pop("COMPLETED", 0)
    lost = len(foliot.logged("worker-1", "lease_lost"))
    async with aiohttp.ClientSession() as http, http.get(f"{foliot.admin_url('worker-1')}/readyz") as answer:
        ready = answer.status
    found = {
        f"{lost} leases were lost": lost,
        f"runs ended otherwise: {states}": sum(states.get(status, 0) for status in ("FAILED", "TIMEOUT", "CANCELLED")),
        f"the worker is not ready: {ready}": ready != 200,
        f"memory grew by {figures.growth:.0f} MB": figures.growth > GROWTH,
        "no message was set aside": figures.set_aside == 0,
        "no run was completed": figures.completed == 0,
    }
    figures.faults += [fault for fault, count in found.items() if count]


def _megabytes(foliot: Foliot) -> float:
    pid = foliot.services["worker-1"].pid
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the worker is gone")


async def _alone(messages: int, seed: str) -> Figures:
    with tempfile.TemporaryDirectory(prefix="foliot-fuzz-") as directory:
        async with start_servers(Path(directory) / "servers") as servers:
            passwords = dict.fromkeys(("api", "scheduler", "worker", "maintenance"), "test")
            await migrate(servers.database_url, REPOSITORY / "sql" / "migrations", passwords)
            logs = Path(directory) / "log"
            logs.mkdir()
            async with start_foliot(servers, TestDatabase(servers.database_url), logs) as foliot:
                return await campaign(servers, foliot, messages, seed)


def main(arguments: Sequence[str]) -> int:
    """0 if every message ended and nothing else suffered."""
    parser = argparse.ArgumentParser(prog="python -m fuzz amqp")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", default="foliot")
    given = parser.parse_args(arguments)
    zoneinfo.reset_tzpath([])
    figures = asyncio.run(_alone(given.count, given.seed))
    print(
        f"{figures.messages} messages in {figures.seconds:.0f} s: {figures.set_aside} set aside, {figures.completed} runs "
        f"of the job beside them completed, memory {figures.growth:+.0f} MB"
    )
    for fault in figures.faults:
        print(f"FAULT {fault}")
    return 1 if figures.faults else 0
