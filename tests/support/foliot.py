"""A whole Foliot of one test module: real processes over the session's servers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from cluster.definition import HOST, Definition, minimal_environment
from cluster.ports import choose
from cluster.server import Server
from cluster.servers import Servers
from cluster.services import ask_readyz
from support.databases import TestDatabase
from support.eventually import eventually

ENDED = {"COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "SKIPPED"}


class Foliot:
    """The processes, the API's client and the database."""

    def __init__(self, database: TestDatabase, services: dict[str, Server], http: aiohttp.ClientSession) -> None:
        self.database = database
        self.services = services
        self.http = http

    async def call(self, method: str, path: str, body: Any = None, *, expect: int | None = None, **headers: str) -> Any:
        """The decoded answer; fails unless its status is `expect` (2xx by default)."""
        async with self.http.request(method, path, json=body, headers=headers) as response:
            text = await response.text()
            allowed = range(200, 300) if expect is None else (expect,)
            assert response.status in allowed, f"{method} {path}: {response.status} {text}"
            return await response.json(content_type=None) if text else None

    async def create(self, **fields: Any) -> dict[str, Any]:
        body = {"job_name": "a job", "job_type": "script", "schedule": "immediate", "payload": {"script": "true"}}
        job: dict[str, Any] = await self.call("POST", "/v1/jobs", body | fields)
        return job

    async def executions(self, job_id: int) -> list[dict[str, Any]]:
        page = await self.call("GET", f"/v1/jobs/{job_id}/executions?limit=200")
        items: list[dict[str, Any]] = page["items"]
        return items

    async def ended(self, job_id: int, count: int = 1, within: float = 30) -> list[dict[str, Any]]:
        """The executions of a job once `count` of them have ended, oldest first."""

        async def look() -> list[dict[str, Any]]:
            found = [e for e in await self.executions(job_id) if e["status"] in ENDED]
            assert len(found) >= count, found
            return found[::-1]

        return await eventually(look, within=within)

    async def job(self, job_id: int) -> dict[str, Any]:
        found: dict[str, Any] = await self.call("GET", f"/v1/jobs/{job_id}")
        return found

    async def job_becomes(self, job_id: int, status: str, within: float = 30) -> dict[str, Any]:
        async def look() -> dict[str, Any]:
            job = await self.job(job_id)
            assert job["status"] == status, job
            return job

        return await eventually(look, within=within)

    async def leader(self, within: float = 15) -> str:
        async def look() -> str:
            items = (await self.call("GET", "/v1/schedulers"))["items"]
            leaders = [s["scheduler_id"] for s in items if s["role"] == "leader"]
            assert len(leaders) == 1, items
            return str(leaders[0])

        return await eventually(look, within=within)

    def logs(self, service: str) -> list[list[dict[str, Any]]]:
        """The decoded log lines of each process of a service."""
        return [
            [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
            for name, server in self.services.items()
            if name.startswith(service)
        ]

    @contextlib.asynccontextmanager
    async def sql(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        async with self.database.owner() as connection:
            yield connection


@contextlib.asynccontextmanager
async def start_foliot(
    servers: Servers,
    database: TestDatabase,
    directory: Path,
    *,
    schedulers: int = 1,
    workers: int = 1,
    **environment: str,
) -> AsyncIterator[Foliot]:
    """Starts the services, waits until all are ready, and gives a client with an admin's key.

    `environment`: more variables for every process that knows them, given as SERVICE__NAME=value.
    """
    vhost = await _add_vhost(servers)
    shared = {
        "FOLIOT_AMQP_URL": servers.amqp_url.rsplit("/", 1)[0] + f"/{vhost}",
        "FOLIOT_ZOOKEEPER_HOSTS": servers.zookeeper_hosts,
        "FOLIOT_ZOOKEEPER_ROOT": f"/foliot-{vhost}",
    }
    names = ["api-1", *(f"scheduler-{n + 1}" for n in range(schedulers)), *(f"worker-{n + 1}" for n in range(workers))]
    ports = choose(names)
    services = {
        name: Server(_definition(name, ports[name], database, shared, environment), directory / f"{name}.log")
        for name in names
    }
    try:
        async with asyncio.TaskGroup() as group:
            for service in services.values():
                group.create_task(service.start())
        key = await _create_key(services["api-1"])
        url = f"http://{HOST}:{ports['api-1']}"
        async with aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"}) as http:
            yield Foliot(database, services, http)
    finally:
        async with asyncio.TaskGroup() as group:
            for service in services.values():
                group.create_task(service.stop())


def _definition(
    name: str, port: int, database: TestDatabase, shared: dict[str, str], more: dict[str, str]
) -> Definition:
    service = name.partition("-")[0]
    environment = {"FOLIOT_DATABASE_URL": database.url(service)}
    if service == "api":
        environment |= {"FOLIOT_API_HOST": HOST, "FOLIOT_API_PORT": str(port)}
    else:
        environment |= {"FOLIOT_AMQP_URL": shared["FOLIOT_AMQP_URL"]}
        environment |= {"FOLIOT_ADMIN_HOST": HOST, "FOLIOT_ADMIN_PORT": str(port)}
        environment |= {f"FOLIOT_{service.upper()}_ID": name}
    if service == "scheduler":
        environment |= {k: v for k, v in shared.items() if "ZOOKEEPER" in k}
    if service == "worker":
        environment |= {"FOLIOT_WORKER_HTTP_ALLOW_NETWORKS": "127.0.0.0/8"}
    prefix = f"{service.upper()}__"
    environment |= {key.removeprefix(prefix): value for key, value in more.items() if key.startswith(prefix)}
    return Definition(
        name=name,
        port=port,
        command=(sys.executable, "-m", f"foliot.{service}"),
        environment=minimal_environment(**environment),
        probe=lambda: ask_readyz(port),
    )


async def _create_key(api: Server) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "foliot.api", "create-key", "--role", "admin", "--name", "test",
        env=dict(api.definition.environment), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode().strip()


async def _add_vhost(servers: Servers) -> str:
    vhost = f"test-{secrets.token_hex(4)}"
    user = servers.amqp_url.split("//")[1].split(":")[0]
    for arguments in (("add_vhost", vhost), ("set_permissions", "-p", vhost, user, ".*", ".*", ".*")):
        process = await asyncio.create_subprocess_exec(
            "/usr/lib/rabbitmq/bin/rabbitmqctl", "-q", *arguments, env=servers.rabbitmqctl_environment
        )
        assert await process.wait() == 0
    return vhost
