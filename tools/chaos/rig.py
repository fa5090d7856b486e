"""The system under a campaign: real servers, two schedulers, two workers, with the leases and sessions of production."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from cluster.servers import Servers, start_servers
from foliot.common.migrate import migrate
from support.databases import TestDatabase
from support.foliot import Foliot
from support.ledger import check_effects, check_ledger, check_nothing_open, check_ticks, effect_directory, read_effects
from support.starting import start_foliot

REPOSITORY = Path(__file__).parents[2]


class Rig:
    def __init__(self, foliot: Foliot, servers: Servers, directory: Path) -> None:
        self.foliot = foliot
        self.servers = servers
        self.effects = directory / "effects"
        self.effects.touch()
        self.effects.chmod(0o666)
        self.jobs: list[int] = []

    async def create(self, count: int, **fields: Any) -> list[int]:
        made = [(await self.foliot.create(**fields))["job_id"] for _ in range(count)]
        self.jobs += made
        return made

    async def value(self, query: str, *args: Any) -> Any:
        async with self.foliot.sql() as sql:
            return await sql.fetchval(query, *args)

    async def until(self, query: str, *args: Any, within: float = 120, every: float = 0.05) -> None:
        """Until the query gives true."""
        async with asyncio.timeout(within), self.foliot.sql() as sql:
            while not await sql.fetchval(query, *args):
                await asyncio.sleep(every)

    async def restore(self) -> None:
        for server in [*self.servers.all.values(), *self.foliot.services.values()]:
            if server.running:
                server.resume()
            else:
                await server.start()

    async def check(self, every_seconds: float | None = 1.0) -> list[str]:
        """Pauses the jobs, waits until nothing of them is open, and looks at everything."""
        await self.restore()
        for job_id in self.jobs:
            job = await self.foliot.job(job_id)
            if job["status"] in ("PENDING", "QUEUED", "RUNNING"):
                await self.foliot.call("POST", f"/v1/jobs/{job_id}/pause")
        open_rows = "SELECT count(*) = 0 FROM executions WHERE end_time IS NULL AND job_id = ANY($1::bigint[])"
        with contextlib.suppress(TimeoutError):
            await self.until(open_rows, self.jobs, within=180)
        async with self.foliot.sql() as sql:
            problems = await check_nothing_open(sql, self.jobs)
            problems += await check_ledger(sql)
            problems += await check_effects(sql, read_effects(self.effects))
            if every_seconds is not None:
                problems += [p for job_id in self.jobs for p in await check_ticks(sql, job_id, every_seconds)]
        return problems


@contextlib.asynccontextmanager
async def open_rig(directory: Path) -> AsyncIterator[Rig]:
    async with start_servers(directory / "servers") as servers:
        passwords = dict.fromkeys(("api", "scheduler", "worker", "maintenance"), "test")
        await migrate(servers.database_url, REPOSITORY / "sql" / "migrations", passwords)
        logs = directory / "log"
        logs.mkdir(parents=True, exist_ok=True)
        database = TestDatabase(servers.database_url)
        async with (
            effect_directory() as effects,
            start_foliot(servers, database, logs, proxied=True, schedulers=2, workers=2) as foliot,
        ):
            yield Rig(foliot, servers, effects)
