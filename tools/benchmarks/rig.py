"""What is measured on: servers for the whole run, a database and Foliot's processes for each cell."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import asyncpg
import msgspec

from benchmarks.jobs import Sql
from benchmarks.processes import Watch
from benchmarks.results import REPOSITORY, Settings
from cluster.servers import Servers, start_servers
from foliot.common.migrate import migrate
from support.databases import TestDatabase, create_from_template
from support.foliot import Foliot
from support.starting import start_foliot

TEMPLATE = "bench_template"
SCRAPE_EVERY = 15.0
WAL_SEGMENTS = 96  # of 16 MB
_EXECUTED = re.compile(r'^worker_jobs_executed_total\{.*status="COMPLETED".*\} (\S+)$', re.MULTILINE)


class Rig(msgspec.Struct):
    """One run's servers."""

    servers: Servers
    settings: Settings
    directory: Path
    template: str = TEMPLATE
    environment: dict[str, str] = {}
    """More variables for every process of a service, given as SERVICE__NAME=value."""

    @contextlib.asynccontextmanager
    async def database(self, name: str = "bench") -> AsyncIterator[TestDatabase]:
        """A migrated, empty one; dropped afterwards."""
        async with create_from_template(self.servers.database_url, self.template, name) as made:
            yield made

    @contextlib.asynccontextmanager
    async def foliot(
        self, database: TestDatabase, *, schedulers: int = 1, workers: int | None = None, **environment: str
    ) -> AsyncIterator[Bench]:
        """One API, one scheduler, the run's workers; logs at INFO to files, metrics scraped as Prometheus does."""
        variables = {"WORKER__FOLIOT_WORKER_SLOTS": str(self.settings.slots)} | self.environment | environment
        with tempfile.TemporaryDirectory(prefix="log-", dir=self.directory) as logs:
            async with start_foliot(
                self.servers, database, Path(logs), schedulers=schedulers,
                workers=self.settings.workers if workers is None else workers, **variables,
            ) as foliot:  # fmt: skip
                if schedulers:
                    await foliot.leader()
                async with database.owner() as sql, _scraping(foliot):
                    yield Bench(foliot, self.servers, sql)


class Bench(msgspec.Struct):
    """A running Foliot under measurement."""

    foliot: Foliot
    servers: Servers
    sql: Sql

    def watch(self) -> Watch:
        names = ("postgres", "replica", "rabbitmq", "zookeeper")
        roots = {name: self.servers.all[name].pid for name in names if name in self.servers.all}
        return Watch(roots | {name: service.pid for name, service in self.foliot.services.items()})

    async def planned(self) -> int:
        """How many executions were made so far; costs nothing."""
        value: int = await self.sql.fetchval("SELECT last_value FROM executions_execution_id_seq")
        return value

    async def idle(self) -> bool:
        """Nothing is due, open or waiting."""
        nothing: bool = await self.sql.fetchval(
            """SELECT NOT EXISTS (SELECT FROM executions WHERE end_time IS NULL)
                  AND NOT EXISTS (SELECT FROM jobs WHERE status = 'PENDING' AND next_run_time <= now())"""
        )
        return nothing

    async def until_idle(self, progress: str, limit: float = 900) -> None:
        """Prints how many runs were planned, now and then; TimeoutError after `limit` seconds."""
        loop = asyncio.get_running_loop()
        shown = loop.time()
        async with asyncio.timeout(limit):
            while not await self.idle():
                await asyncio.sleep(0.1)
                if loop.time() - shown > 5:
                    shown = loop.time()
                    print(f"      {progress}: {await self.planned():,} runs planned so far", flush=True)

    async def executed(self) -> int:
        """What the workers' own counters say: attempts that they carried out and recorded as COMPLETED."""
        workers = [service for name, service in self.foliot.services.items() if name.startswith("worker")]
        texts = [await scrape(self.foliot, service.port) for service in workers]
        return sum(int(float(value)) for text in texts for value in _EXECUTED.findall(text))


async def scrape(foliot: Foliot, port: int) -> str:
    async with foliot.http.get(f"http://127.0.0.1:{port}/metrics") as response:
        return await response.text()


@contextlib.asynccontextmanager
async def _scraping(foliot: Foliot) -> AsyncIterator[None]:
    async def forever() -> None:
        while True:
            for service in foliot.services.values():
                await scrape(foliot, service.port)
            await asyncio.sleep(SCRAPE_EVERY)

    task = asyncio.create_task(forever())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def open_rig(directory: Path, settings: Settings) -> AsyncIterator[Rig]:
    """Starts the servers, with fsync and the local cluster's configuration; their data go with them."""
    async with start_servers(directory / "servers", replica=settings.replica) as servers:
        await make_template(servers)
        await recycle_wal(servers)
        work = directory / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        yield Rig(servers, settings, work)
        shutil.rmtree(work)


async def make_template(servers: Servers) -> None:
    owner = await asyncpg.connect(servers.database_url)
    await owner.execute(f"CREATE DATABASE {TEMPLATE}")
    await owner.close()
    passwords: Mapping[str, str] = dict.fromkeys(("api", "scheduler", "worker", "maintenance"), "test")
    url = servers.database_url.rsplit("/", 1)[0] + f"/{TEMPLATE}"
    await migrate(url, REPOSITORY / "sql" / "migrations", passwords)


async def recycle_wal(servers: Servers) -> None:
    """As on a server that has run for a while: a segment that has to be made is 16 MB of zeros and their fsync, some
    100 ms in which nothing commits; one that is recycled is there."""
    owner = await asyncpg.connect(servers.database_url)
    try:
        for _ in range(WAL_SEGMENTS):
            await owner.execute("SELECT pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()")
        await owner.execute("CHECKPOINT")
    finally:
        await owner.close()
