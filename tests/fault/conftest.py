"""One Foliot whose processes reach each server through a proxy of their own; leases are short, so that faults are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cluster.servers import Servers
from support.databases import create_from_template
from support.eventually import eventually
from support.foliot import Foliot
from support.ledger import (
    check_effects,
    check_ledger,
    check_nothing_open,
    check_ticks,
    effect_directory,
    effect_script,
    read_effects,
)
from support.processes import VARIABLE, new_mark
from support.starting import start_foliot

LEASE = 6.0
SESSION = 4.0


class Faults:
    """The system under faults, jobs that write down what they do, and the checker."""

    def __init__(self, foliot: Foliot, servers: Servers, directory: Path) -> None:
        self.foliot = foliot
        self.servers = servers
        self.effects = directory / "effects"
        self.effects.touch()
        self.effects.chmod(0o666)
        self._ticking: list[int] = []

    async def ticking(self, count: int = 3, **fields: Any) -> list[int]:
        """`@every 1s` jobs whose every tick must be covered."""
        script = effect_script(self.effects)
        defaults = {"schedule": "@every 1s", "overlap_policy": "allow", "payload": {"script": script}}
        made = [(await self.foliot.create(**(defaults | fields)))["job_id"] for _ in range(count)]
        self._ticking += made
        await self.completed_since(made[0], 1)
        return made

    async def completed_since(self, job_id: int, more: int, within: float = 40) -> None:
        """Until `more` further attempts of the job are COMPLETED."""
        async with self.foliot.sql() as sql:
            query = "SELECT count(*) FROM executions WHERE job_id = $1 AND status = 'COMPLETED'"
            before = await sql.fetchval(query, job_id)

            async def look() -> None:
                assert await sql.fetchval(query, job_id) >= before + more

            await eventually(look, within=within)

    async def long_script(self, seconds: float = 60, **fields: Any) -> dict[str, Any]:
        """A RUNNING attempt that goes on for `seconds`; gives its execution."""
        body = effect_script(self.effects, f"sleep {seconds} & wait")
        payload = {"script": body, "env": {VARIABLE: (mark := new_mark())}}
        job = await self.foliot.create(payload=payload, retry_policy={"max_retries": 1, "backoff_factor": 0}, **fields)
        await self.foliot.job_becomes(job["job_id"], "RUNNING")
        (execution,) = await self.foliot.executions(job["job_id"])
        return execution | {"mark": mark}

    async def settle(self) -> None:
        """Stops the ticking jobs, waits until nothing of them is open, and checks everything."""
        foliot = self.foliot
        for job_id in self._ticking:
            await foliot.call("POST", f"/v1/jobs/{job_id}/pause")
        async with foliot.sql() as sql:

            async def nothing_open() -> None:
                assert await check_nothing_open(sql, self._ticking) == []

            await eventually(nothing_open, within=60)
            problems = [p for job_id in self._ticking for p in await check_ticks(sql, job_id, 1)]
            problems += await check_ledger(sql)
            problems += await check_effects(sql, read_effects(self.effects))
            lost = await sql.fetchval(
                "SELECT count(*) FROM executions WHERE status IN ('FAILED', 'TIMEOUT') AND job_id = ANY($1::bigint[])",
                self._ticking,
            )
        assert problems == []
        assert lost <= 2 * len(self._ticking)  # attempts that ran when a worker was killed, tried again since
        self._ticking = []


@pytest.fixture(scope="session")
async def broken(servers: Servers, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Faults]:
    directory = tmp_path_factory.mktemp("faults")
    async with (
        effect_directory() as effects,
        create_from_template(servers.database_url, template, "faults") as database,
        start_foliot(
            servers, database, directory, proxied=True, schedulers=2, workers=2,
            environment={
                "SCHEDULER__FOLIOT_LEASE_SECONDS": str(LEASE), "WORKER__FOLIOT_LEASE_SECONDS": str(LEASE),
                "WORKER__FOLIOT_HEARTBEAT_SECONDS": "1", "SCHEDULER__FOLIOT_ZOOKEEPER_SESSION_SECONDS": str(SESSION),
            },
        ) as foliot,
    ):  # fmt: skip
        yield Faults(foliot, servers, effects)


@pytest.fixture
async def faults(broken: Faults) -> AsyncIterator[Faults]:
    """Everything runs and every network passes before the test; afterwards the ledger is checked."""
    await _restore(broken)
    yield broken
    await _restore(broken)
    await broken.settle()


async def _restore(broken: Faults) -> None:
    for proxies in broken.foliot.proxies.values():
        for proxy in proxies.values():
            proxy.heal()
    for server in [*broken.servers.all.values(), *broken.foliot.services.values()]:
        if server.running:
            server.resume()
        else:
            await server.start()
