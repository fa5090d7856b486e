"""A database a test, copied from the migrated template."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import msgspec


class TestDatabase(msgspec.Struct, frozen=True):
    """Addresses of one test's database, for its owner and for each service."""

    __test__ = False
    owner_url: str

    def url(self, service: str) -> str:
        parts = urlsplit(self.owner_url)
        return f"postgresql://foliot_{service}:test@{parts.hostname}:{parts.port}{parts.path}"

    @contextlib.asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        connection = await asyncpg.connect(self.owner_url)
        try:
            yield connection
        finally:
            await connection.close()


@contextlib.asynccontextmanager
async def create_from_template(server_url: str, template: str, name: str) -> AsyncIterator[TestDatabase]:
    await _run(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield TestDatabase(server_url.rsplit("/", 1)[0] + f"/{name}")
    finally:
        await _run(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _run(server_url: str, statement: str) -> None:
    """On a connection of its own: the server may have been killed since the last use."""
    owner = await asyncpg.connect(server_url)
    try:
        await owner.execute(statement)
    finally:
        await owner.close()
