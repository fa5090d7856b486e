"""A PostgreSQL database as units of work: transactions and sessions over a bounded pool.

A service brings its own unit: the repositories over one connection that its database role may use.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Generic, Protocol, TypeVar

from foliot.common.ledger.postgres import Pool, Session

_Unit = TypeVar("_Unit")
_Unit_co = TypeVar("_Unit_co", covariant=True)


class UnitsOfWork(Protocol[_Unit_co]):
    """The part of a database that the code that decides needs; a simulation gives its own."""

    def transaction(self) -> contextlib.AbstractAsyncContextManager[_Unit_co]:
        """Committed at the end, all or nothing. Raises Unavailable; then the outcome is unknown."""
        ...

    def session(self) -> contextlib.AbstractAsyncContextManager[_Unit_co]:
        """Each statement commits by itself."""
        ...

    def snapshot(self) -> contextlib.AbstractAsyncContextManager[_Unit_co]:
        """Reads only; all statements see one instant."""
        ...


class Database(Generic[_Unit]):
    """A bounded pool that hands out units of work, each made by `unit` over one connection."""

    def __init__(self, url: str, unit: Callable[[Session], _Unit], *, size: int, name: str) -> None:
        self._pool = Pool(url, size=size, name=name)
        self._unit = unit

    async def __aenter__(self) -> Database[_Unit]:
        await self._pool.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._pool.__aexit__(*exc)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[_Unit]:
        async with self._pool.transaction() as session:
            yield self._unit(session)

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[_Unit]:
        async with self._pool.session() as session:
            yield self._unit(session)

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[_Unit]:
        async with self._pool.transaction(snapshot=True) as session:
            yield self._unit(session)
