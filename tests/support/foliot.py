"""A whole Foliot of one test module: real processes over the session's servers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import asyncpg

from cluster.definition import HOST
from cluster.server import Server
from support.databases import TestDatabase
from support.described import look
from support.eventually import eventually
from support.proxy import Proxy

ENDED = {"COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "SKIPPED"}


class Foliot:
    """The processes, the API's client and the database."""

    def __init__(
        self,
        database: TestDatabase,
        services: dict[str, Server],
        http: aiohttp.ClientSession,
        proxies: dict[str, dict[str, Proxy]],
        amqp_url: str,
    ) -> None:
        self.database = database
        self.services = services
        self.http = http
        self.proxies = proxies
        self.amqp_url = amqp_url

    host = HOST
    """The address at which a test may listen for its workers."""

    def names(self, service: str) -> list[str]:
        """Names of the processes of a service, as they call themselves."""
        return sorted(name for name in self.services if name.startswith(service))

    def admin_url(self, name: str) -> str:
        """The address at which a process answers /metrics."""
        return f"http://{HOST}:{self.services[name].port}"

    async def call(self, method: str, path: str, body: Any = None, *, expect: int | None = None, **headers: str) -> Any:
        """The decoded answer; fails unless its status is `expect` (2xx by default)."""
        async with self.http.request(method, path, json=body, headers=headers) as response:
            text = await response.text()
            look(method, response.url.path, response.status, response.headers, text)
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
        return [self._lines(name) for name in self.services if name.startswith(service)]

    def logged(self, name: str, event: str) -> list[dict[str, Any]]:
        """The log lines of one process with this event, oldest first."""
        return [line for line in self._lines(name) if line["event"] == event]

    def _lines(self, name: str) -> list[dict[str, Any]]:
        text = self.services[name].log.read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    @contextlib.asynccontextmanager
    async def sql(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        async with self.database.owner() as connection:
            yield connection
