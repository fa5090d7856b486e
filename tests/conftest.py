"""Servers of the suite's own: started once a session, a database of one's own a test."""

from __future__ import annotations

import itertools
import os
import tempfile
import zoneinfo
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from cluster.servers import Servers, start_servers
from foliot.common.migrate import migrate
from support import described
from support.databases import TestDatabase, create_from_template

REPOSITORY = Path(__file__).parents[1]
TEMPLATE = "foliot_template"
LAYERS = ("architecture", "unit", "migrations", "integration", "simulation", "e2e", "fault")
_numbers = itertools.count()
_seconds: defaultdict[str, float] = defaultdict(float)
_tests: defaultdict[str, int] = defaultdict(int)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--compose", action="store_true", help="run tests/e2e/compose too: needs a container engine")


def pytest_configure() -> None:
    zoneinfo.reset_tzpath([])


def layer_of(nodeid: str) -> str:
    """The folder below tests/ that a test stands in."""
    parts = Path(nodeid).parts
    return parts[1] if parts[0] == "tests" else parts[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The quick layers first; each test carries the marker of its layer."""
    for item in items:
        item.add_marker(getattr(pytest.mark, layer_of(item.nodeid)))
    items.sort(key=lambda item: LAYERS.index(layer_of(item.nodeid)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[layer_of(report.nodeid)] += report.duration
    _tests[layer_of(report.nodeid)] += report.when == "call"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The time of each layer; starting the servers counts for the first test that needs them."""
    terminalreporter.section("layers")
    for layer in LAYERS:
        if _tests[layer]:
            terminalreporter.write_line(f"{layer:<14}{_tests[layer]:>6} tests {_seconds[layer]:>8.1f} s")


@pytest.fixture(autouse=True)
def every_answer_is_as_described() -> Iterator[None]:
    """Of the API, in whatever test."""
    yield
    found, described.wrong[:] = list(described.wrong), []
    assert found == []


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
