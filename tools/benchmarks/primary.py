"""A primary of a benchmark's own, durable as in production, and what its processes cost."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

from cluster.servers import start_servers
from foliot.common.migrate import migrate
from support.databases import TestDatabase, create_from_template

REPOSITORY = Path(__file__).parents[2]
TEMPLATE = "migrated"
_TICKS = os.sysconf("SC_CLK_TCK")


@contextlib.asynccontextmanager
async def start_primary() -> AsyncIterator[str]:
    """PostgreSQL alone, with a migrated template; gives the owner's URL for `a_database`."""
    with tempfile.TemporaryDirectory(prefix="foliot-bench-") as directory:
        async with start_servers(Path(directory), rabbitmq=False, zookeeper=False) as servers:
            owner = await asyncpg.connect(servers.database_url)
            await owner.execute(f"CREATE DATABASE {TEMPLATE}")
            await owner.close()
            passwords = dict.fromkeys(("api", "scheduler", "worker", "maintenance"), "test")
            url = servers.database_url.rsplit("/", 1)[0] + f"/{TEMPLATE}"
            await migrate(url, REPOSITORY / "sql" / "migrations", passwords)
            yield servers.database_url


@contextlib.asynccontextmanager
async def a_database(server_url: str, name: str, template: str = TEMPLATE) -> AsyncIterator[TestDatabase]:
    async with create_from_template(server_url, template, name) as made:
        yield made


def _parent(pid: int) -> int:
    """0 if the process is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def cpu_of(pid: int) -> float:
    """Seconds of CPU of a process with one thread, 0 if it is gone."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0


def cpu_of_server(backend_pid: int) -> float:
    """Seconds of CPU of all processes of the server that this backend belongs to, ended ones included."""
    postmaster = _parent(backend_pid)
    fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / _TICKS
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return ended + cpu_of(postmaster) + sum(cpu_of(pid) for pid in pids if _parent(pid) == postmaster)
