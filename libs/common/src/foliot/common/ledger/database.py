"""A PostgreSQL database as units of work."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from foliot.common.ledger.postgres import Pool
from foliot.common.ledger.unit import Unit


class UnitsOfWork(Protocol):
    """What the code that decides needs of a database."""

    def transaction(self) -> contextlib.AbstractAsyncContextManager[Unit]:
        """Committed at the end, all or nothing. Raises Unavailable; then the outcome is unknown."""
        ...

    def session(self) -> contextlib.AbstractAsyncContextManager[Unit]:
        """Each statement commits by itself."""
        ...

    def snapshot(self) -> contextlib.AbstractAsyncContextManager[Unit]:
        """Reads only; all statements see one instant."""
        ...


class Database:
    """A bounded pool that hands out units of work."""

    def __init__(self, url: str, *, size: int, name: str) -> None:
        self._pool = Pool(url, size=size, name=name)

    async def __aenter__(self) -> Database:
        await self._pool.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._pool.__aexit__(*exc)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Unit]:
        async with self._pool.transaction() as session:
            yield Unit(session)

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Unit]:
        async with self._pool.session() as session:
            yield Unit(session)

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Unit]:
        async with self._pool.transaction(snapshot=True) as session:
            yield Unit(session)
