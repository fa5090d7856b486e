"""The place of a campaign: a PostgreSQL of its own, migrated, and a world on it."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import zoneinfo
from collections.abc import AsyncIterator
from pathlib import Path

from cluster.servers import start_servers
from foliot.common.migrate import migrate
from foliot.common.process.logs import setup
from simulate.statements.world import World
from support.databases import TestDatabase

ROOT = Path(__file__).parents[3]
SERVICES = ("api", "scheduler", "worker", "maintenance")


@contextlib.asynccontextmanager
async def opened_world() -> AsyncIterator[World]:
    zoneinfo.reset_tzpath([])
    with tempfile.TemporaryDirectory(prefix="foliot-simulate-") as directory:
        _log_nothing(Path(directory) / "stories.log")
        async with start_servers(Path(directory), rabbitmq=False, zookeeper=False, fsync=False) as servers:
            await migrate(servers.database_url, ROOT / "sql" / "migrations", dict.fromkeys(SERVICES, "test"))
            async with World(TestDatabase(servers.database_url)).opened() as world:
                yield world


def _log_nothing(file: Path) -> None:
    """Stories meet thousands of refusals and lost connections, which services would log."""
    setup.configure("scheduler", "CRITICAL", file.open("w"))
    sys.excepthook = sys.__excepthook__
