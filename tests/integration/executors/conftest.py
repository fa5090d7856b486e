"""Executors that the tests of several files share, and the servers that they reach."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from cluster.servers import Servers, start_servers
from foliot.worker.executors.http_request import HttpRequestExecutor
from foliot.worker.executors.sql_query import SqlQueryExecutor
from integration.executors.http_calls import LOOPBACK
from integration.executors.name_server import serve_names
from integration.executors.sql_source import SETUP, executing


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[HttpRequestExecutor]:
    async with (
        serve_names() as names,
        HttpRequestExecutor(allow_networks=LOOPBACK, name_servers=[names.address]) as executor,
    ):
        yield executor


@pytest.fixture(scope="session")
async def sql_servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """A PostgreSQL for data sources alone: tests pause it, and look for everything that is active in it."""
    directory: Path = tmp_path_factory.mktemp("sql")
    async with start_servers(directory, rabbitmq=False, zookeeper=False, fsync=False) as servers:
        owner = await asyncpg.connect(servers.database_url)
        await owner.execute(SETUP)
        await owner.close()
        yield servers


@pytest.fixture(scope="module")
async def reader(sql_servers: Servers) -> AsyncIterator[SqlQueryExecutor]:
    async with executing(sql_servers) as executor:
        yield executor


@pytest.fixture(scope="module")
async def writer(sql_servers: Servers) -> AsyncIterator[SqlQueryExecutor]:
    async with executing(sql_servers, read_only=False) as executor:
        yield executor


@pytest.fixture(scope="module", params=["namespace", "group"])
def mode(request: pytest.FixtureRequest) -> str:
    """The way in which the processes of a script are held together."""
    return str(request.param)
