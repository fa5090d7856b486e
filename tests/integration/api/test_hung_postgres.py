"""PostgreSQL that accepts and says nothing: callers and probes hear of it in seconds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from aiohttp.test_utils import TestClient

from foliot.api.app import build_app
from foliot.api.create_key import create
from foliot.api.main import STATEMENT_SECONDS
from foliot.api.queries.unit import Unit
from foliot.common.clock import SystemClock
from foliot.common.ledger.database import Database
from foliot.common.ledger.schema import why_not_ready
from support.databases import TestDatabase
from support.proxy import Proxy, proxy_to
from support.served import Served

from .conftest import SCRIPT, Api


@pytest.fixture
async def through(database: TestDatabase) -> AsyncIterator[tuple[Api, Proxy]]:
    """An API that reaches PostgreSQL through a proxy."""
    parts = urlsplit(database.url("api"))
    async with contextlib.AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(proxy_to(parts.hostname or "", parts.port or 0))
        netloc = f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}"
        units = await stack.enter_async_context(
            Database(urlunsplit(parts._replace(netloc=netloc)), Unit, size=4, name="hung", patience=STATEMENT_SECONDS)
        )

        async def readiness() -> tuple[str | None, dict[str, Any]]:
            return await why_not_ready(units, asyncio.Event()), {}

        client = TestClient(Served(build_app(units, SystemClock(), readiness)))
        await stack.enter_async_context(client)
        yield Api(client, database, await create(database.url("api"), "admin", "test", 1, None)), proxy


async def test_probes_and_callers_hear_of_it(through: tuple[Api, Proxy]) -> None:
    api, proxy = through
    assert (await api.call("GET", "/readyz"))[0] == 200
    assert (await api.call("POST", "/v1/jobs", SCRIPT))[0] == 201
    proxy.blackhole()

    async def timed(*call: Any) -> tuple[int, Any, float]:
        began = asyncio.get_running_loop().time()
        status, body, _ = await api.call(*call)
        return status, body, asyncio.get_running_loop().time() - began

    probes = [timed("GET", "/readyz") for _ in range(3)]
    calls = [timed("POST", "/v1/jobs", SCRIPT) for _ in range(8)] + [timed("GET", "/v1/jobs") for _ in range(8)]
    answers = await asyncio.gather(*probes, *calls)
    for status, body, seconds in answers[:3]:
        assert (status, "PostgreSQL" in body["reason"]) == (503, True)
        assert seconds < 3
    assert [status for status, _, _ in answers[3:]] == [503] * 16
    assert max(seconds for _, _, seconds in answers[3:]) < 6.5
    proxy.heal()


async def test_creations_behind_a_hung_batch_are_answered_with_it(through: tuple[Api, Proxy]) -> None:
    """And dropped: their callers were told 503 and may send them again, so that they must not be made later."""
    api, proxy = through
    assert (await api.call("POST", "/v1/jobs", SCRIPT))[0] == 201  # the key is known
    proxy.blackhole()
    bodies = [SCRIPT | {"job_name": f"late {n}"} for n in range(40)]
    first = asyncio.create_task(api.call("POST", "/v1/jobs", SCRIPT | {"job_name": "under way"}))
    await proxy.holds_back("up")
    async with asyncio.timeout(7):  # a batch takes 5 s, and a second one as long again
        answers = await asyncio.gather(first, *(api.call("POST", "/v1/jobs", body) for body in bodies))
    proxy.heal()
    assert {status for status, _, _ in answers} == {503}
    assert (await api.call("POST", "/v1/jobs", SCRIPT))[0] == 201
    assert (await api.rows("SELECT count(*) AS n FROM jobs WHERE job_name LIKE 'late %'"))[0]["n"] == 0
