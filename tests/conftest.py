"""Servers of the suite's own: started once a session, a database of one's own a test."""

from __future__ import annotations

import itertools
import os
import tempfile
import zoneinfo
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from cluster.servers import Servers, start_servers

from foliot.common.migrate import migrate
from support.databases import TestDatabase, create_from_template

REPOSITORY = Path(__file__).parents[1]
TEMPLATE = "foliot_template"
_numbers = itertools.count()


def pytest_configure() -> None:
    zoneinfo.reset_tzpath([])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test belongs to the layer of its folder."""
    for item in items:
        layer = item.path.relative_to(REPOSITORY / "tests").parts[0]
        item.add_marker(getattr(pytest.mark, layer))


@pytest.fixture(scope="session")
async def servers() -> AsyncIterator[Servers]:
    """PostgreSQL, RabbitMQ and ZooKeeper, private to this session, on loopback."""
    with tempfile.TemporaryDirectory(prefix="foliot-test-") as directory:
        async with start_servers(Path(directory)) as started:
            yield started


@pytest.fixture(scope="session")
async def template(servers: Servers) -> str:
    """The name of a migrated, empty database."""
    owner = await asyncpg.connect(servers.database_url)
    await owner.execute(f"CREATE DATABASE {TEMPLATE}")
    await owner.close()
    url = servers.database_url.rsplit("/", 1)[0] + f"/{TEMPLATE}"
    passwords = dict.fromkeys(("api", "scheduler", "worker", "maintenance"), "test")
    await migrate(url, REPOSITORY / "sql" / "migrations", passwords)
    return TEMPLATE


@pytest.fixture(scope="module")
async def module_database(servers: Servers, template: str) -> AsyncIterator[TestDatabase]:
    """One that the tests of a module share."""
    async with create_from_template(servers.database_url, template, f"test_{os.getpid()}_{next(_numbers)}") as made:
        yield made


@pytest.fixture
async def database(servers: Servers, template: str) -> AsyncIterator[TestDatabase]:
    """A database of this test's own."""
    async with create_from_template(servers.database_url, template, f"test_{os.getpid()}_{next(_numbers)}") as made:
        yield made
