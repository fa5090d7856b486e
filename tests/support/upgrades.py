"""A database with the schema of before a migration, to be filled and then migrated."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

from cluster.servers import Servers
from foliot.common.migrate import migrate
from support.databases import TestDatabase

MIGRATIONS = Path(__file__).parents[2] / "sql" / "migrations"
PASSWORDS = dict.fromkeys(("api", "scheduler", "worker", "maintenance"), "test")


@contextlib.asynccontextmanager
async def database_before(servers: Servers, directory: Path, migration: str) -> AsyncIterator[TestDatabase]:
    """An empty one with all migrations before `migration` (its number, `0013`); dropped afterwards."""
    name = f"before_{os.urandom(4).hex()}"
    owner = await asyncpg.connect(servers.database_url)
    await owner.execute(f"CREATE DATABASE {name}")
    shutil.copytree(MIGRATIONS.parent, directory / "sql")
    before = directory / "sql" / "migrations"
    for path in before.glob("0*.sql"):
        if path.name >= migration:
            path.unlink()
    made = TestDatabase(servers.database_url.rsplit("/", 1)[0] + f"/{name}")
    try:
        await migrate(made.owner_url, before, PASSWORDS)
        yield made
    finally:
        await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await owner.close()


async def upgrade(database: TestDatabase) -> None:
    """All migrations of today."""
    await migrate(database.owner_url, MIGRATIONS, PASSWORDS)
