"""Lists from the replica: only as long as it is known to be at most two seconds behind."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient

from cluster.servers import Servers, start_servers
from foliot.api.app import build_app
from foliot.api.create_key import create
from foliot.api.queries.unit import Unit
from foliot.api.web.reads import MAX_STALE_SECONDS, STALENESS, ReadReplica
from foliot.common.ledger.database import Database
from foliot.common.migrate import migrate
from integration.api.conftest import SCRIPT, Api
from support.clocks import ManualClock
from support.databases import TestDatabase
from support.eventually import eventually
from support.served import Served

MIGRATIONS = Path(__file__).parents[3] / "sql" / "migrations"


class Replicated:
    """An API over a primary and its replica, on a clock that stands still."""

    def __init__(self, api: Api, primary: Database, replica: ReadReplica, servers: Servers, clock: ManualClock) -> None:
        self.api = api
        self.primary = primary
        self.replica = replica
        self.servers = servers
        self.clock = clock

    async def names(self, **headers: str) -> tuple[list[str], float]:
        status, body, answered = await self.api.call("GET", "/v1/jobs?sort=job_name", **headers)
        assert status == 200
        return [job["job_name"] for job in body["items"]], float(answered[STALENESS])

    async def caught_up(self) -> None:
        async def complete() -> None:
            await self.replica.step()
            assert self.replica.staleness() <= 0

        await eventually(complete)

    async def on_replica(self, statement: str) -> None:
        connection = await asyncpg.connect(self.servers.replica_url)
        await connection.execute(statement)
        await connection.close()


@pytest.fixture(scope="module")
async def replicated() -> AsyncIterator[Replicated]:
    with tempfile.TemporaryDirectory(prefix="foliot-replica-") as directory:
        async with start_servers(Path(directory), replica=True, rabbitmq=False, zookeeper=False) as servers:
            passwords = dict.fromkeys(("api", "scheduler", "worker", "maintenance"), "test")
            await migrate(servers.database_url, MIGRATIONS, passwords)
            primary, copy = TestDatabase(servers.database_url), TestDatabase(servers.replica_url)
            clock = ManualClock()
            async with (
                Database(primary.url("api"), Unit, size=4, name="p") as database,
                Database(copy.url("api"), Unit, size=4, name="r") as replica_database,
            ):
                replica = ReadReplica(database, replica_database, clock)
                app = build_app(database, clock, _ready, replica)
                async with TestClient(Served(app)) as client:
                    api = Api(client, primary, await create(primary.url("api"), "admin", "test", 1, None))
                    yield Replicated(api, database, replica, servers, clock)


async def _ready() -> tuple[str | None, dict[str, Any]]:
    return None, {}


async def test_a_list_comes_from_the_replica_and_says_how_old_it_may_be(replicated: Replicated) -> None:
    assert await replicated.names() == ([], 0.0)  # nothing is known of the replica yet: the primary
    await replicated.caught_up()
    await replicated.on_replica("SELECT pg_wal_replay_pause()")
    await replicated.api.create(**SCRIPT | {"job_name": "new"})
    await replicated.replica.step()
    replicated.clock.advance(1.5)
    assert await replicated.names() == ([], 1.5)
    assert await replicated.names(Cache_Control="no-cache") == (["new"], 0.0)
    replicated.clock.advance(MAX_STALE_SECONDS)
    await replicated.replica.step()
    assert await replicated.names() == (["new"], 0.0)
    await replicated.on_replica("SELECT pg_wal_replay_resume()")
    await replicated.caught_up()
    replicated.clock.advance(0.1)
    names, staleness = await replicated.names()
    assert names == ["new"]
    assert staleness == pytest.approx(0.1)


async def test_a_log_that_ends_where_its_page_does_can_be_caught_up_with(replicated: Replicated) -> None:
    """The next record will begin behind the header of a page that is not there yet: so far no replica gets before it."""
    async with replicated.api.database.owner() as sql, replicated.primary.session() as unit:
        await sql.execute("SELECT pg_switch_wal()")
        written = await unit.replication.select_written()
        assert written <= await sql.fetchval("SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint")


async def test_what_belongs_to_one_job_comes_from_the_primary(replicated: Replicated) -> None:
    job = await replicated.api.create()
    for path in (
        f"/v1/jobs/{job['job_id']}",
        f"/v1/jobs/{job['job_id']}/executions",
        f"/v1/executions?job_id={job['job_id']}",
    ):
        status, _, headers = await replicated.api.call("GET", path)
        assert (status, STALENESS in headers) == (200, False)


async def test_without_its_replica_the_primary_answers(replicated: Replicated) -> None:
    await replicated.caught_up()
    await replicated.servers.replica.stop()
    names, staleness = await replicated.names()
    assert "new" in names
    assert staleness == 0.0
