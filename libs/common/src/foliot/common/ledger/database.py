"""A PostgreSQL database as units of work: transactions and sessions over a bounded connection pool.

Each service has its own kind of unit: the repositories that its database role may use, over one connection.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Generic, Protocol, TypeVar

from foliot.common.ledger.postgres import PATIENCE, Pool, Session

_Unit = TypeVar("_Unit")
_Unit_co = TypeVar("_Unit_co", covariant=True)


class UnitsOfWork(Protocol[_Unit_co]):
    """The units of work that a service asks for; a simulation can bring its own."""

    def transaction(self) -> contextlib.AbstractAsyncContextManager[_Unit_co]:
        """One transaction, committed at the end. Raises Unavailable; the outcome is then unknown. Raises RolledBack
        after a deadlock: nothing was done."""
        ...

    def session(self) -> contextlib.AbstractAsyncContextManager[_Unit_co]:
        """A connection in autocommit: each statement commits by itself."""
        ...

    def snapshot(self) -> contextlib.AbstractAsyncContextManager[_Unit_co]:
        """A transaction that only reads; all its statements see the same instant."""
        ...


class Database(Generic[_Unit]):
    """Units of work over a bounded connection pool; `unit` makes each over one connection."""

    def __init__(
        self, url: str, unit: Callable[[Session], _Unit], *, size: int, name: str, patience: float = PATIENCE
    ) -> None:
        self._pool = Pool(url, size=size, name=name, patience=patience)
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
