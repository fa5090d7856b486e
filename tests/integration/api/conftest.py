"""The API in this process, over a database of the test's own."""

from __future__ import annotations

import contextlib
import io
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from foliot.api.app import build_app
from foliot.api.create_key import create
from foliot.api.queries.unit import Unit
from foliot.common.clock import SystemClock
from foliot.common.ledger.database import Database
from foliot.common.process.connections import Bounds
from support.databases import TestDatabase
from support.served import Served

SCRIPT = {"job_name": "a job", "job_type": "script", "schedule": "0 9 * * *", "payload": {"script": "true"}}


class Api:
    """A client of the API; `call` gives (status, decoded body, headers)."""

    def __init__(self, client: TestClient[Any, Any], database: TestDatabase, key: str) -> None:
        self.client = client
        self.database = database
        self.key = key

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
        given = {"Authorization": f"Bearer {self.key}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        async with self.client.request(method, path, json=body, headers=given) as response:
            text = await response.text()
            return response.status, msgspec.json.decode(text) if text else None, response.headers

    async def raw(self, method: str, path: str, data: bytes, **headers: str) -> tuple[int, Any]:
        given = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"} | headers
        async with self.client.request(method, path, data=io.BytesIO(data), headers=given) as response:
            return response.status, await response.json(content_type=None)

    async def raw_text(self, method: str, path: str) -> tuple[int, str]:
        async with self.client.request(method, path) as response:
            return response.status, await response.text()

    async def create(self, **fields: Any) -> dict[str, Any]:
        status, job, _ = await self.call("POST", "/v1/jobs", SCRIPT | fields)
        assert status == 201, job
        found: dict[str, Any] = job
        return found

    async def key_for(self, role: str, user_id: int = 1, team_id: int | None = None) -> str:
        return await create(self.database.url("api"), role, "test", user_id, team_id)

    async def rows(self, query: str, *args: Any) -> list[dict[str, Any]]:
        async with self.database.owner() as connection:
            return [dict(row) for row in await connection.fetch(query, *args)]


@contextlib.asynccontextmanager
async def open_api(database: TestDatabase, bounds: Bounds | None = None) -> AsyncIterator[Api]:
    async def readiness() -> tuple[str | None, dict[str, Any]]:
        return None, {}

    async with Database(database.url("api"), Unit, size=8, name="test") as units:
        app = build_app(units, SystemClock(), readiness)
        async with TestClient(Served(app, bounds)) as client:
            key = await create(database.url("api"), "admin", "test", 1, None)
            yield Api(client, database, key)


@pytest.fixture(scope="module")
async def api(module_database: TestDatabase) -> AsyncIterator[Api]:
    """Shared by the tests of a module: each makes jobs of its own."""
    async with open_api(module_database) as opened:
        yield opened
