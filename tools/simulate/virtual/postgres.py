"""A model of PostgreSQL as a process sees it: statements and transactions over a network, one transaction at a time.

Statements of other connections wait while a transaction is open. That is stricter than row locks and brings the same
delays. What a statement does is the tables' own affair.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from foliot.common.errors import Unavailable
from simulate.virtual.network import Network, Reply
from simulate.virtual.story import Stage

COMMAND_TIMEOUT = 2.0
"""Seconds that a caller waits: the share of the simulated lease (6 s) that the product's 10 s are of its 30."""
RELEASE_TIMEOUT = 1.0
"""Seconds that a cancelled caller waits for the end of its statement, as it does to give back its connection."""
IDLE_IN_TRANSACTION = 2.0
_Result = TypeVar("_Result")
_Unit = TypeVar("_Unit")


class Tables(Protocol):
    """The state of a database; a transaction that is rolled back puts it back."""

    def save(self) -> Any: ...

    def restore(self, saved: Any) -> None: ...


class Server:
    """Executes what arrives. An open transaction holds all the rest up."""

    def __init__(self, stage: Stage, tables: Tables) -> None:
        self._stage = stage
        self.tables = tables
        self.network = Network(stage, "pg", lambda why: Unavailable(f"PostgreSQL: {why}"))
        self._holder: Connection | None = None
        self._saved: Any = None
        self._waiting: deque[tuple[Connection, Callable[[], Any], Reply]] = deque()

    def execute(self, connection: Connection, act: Callable[[], Any], reply: Reply) -> None:
        if connection.broken:
            reply(Unavailable("PostgreSQL: the connection is closed"))
            return
        if self._holder not in (None, connection):
            self._waiting.append((connection, act, reply))
            return
        if connection.in_transaction and self._holder is None:
            self._holder, self._saved = connection, self.tables.save()
            self._stage.loop.call_later(IDLE_IN_TRANSACTION, self._end, connection, False)
        try:
            result = act()
        except Exception as error:
            result = error
        reply(result)

    def instant(self, act: Callable[[], Any]) -> None:
        """A statement of the model's own: it waits for an open transaction, and for nothing else."""
        self.execute(Connection(self, -1, in_transaction=False), act, lambda _result: None)

    def commit(self, connection: Connection, reply: Reply) -> None:
        held = self._holder is connection
        self._end(connection, True)
        reply(None if held else Unavailable("PostgreSQL: the transaction was ended"))

    def roll_back(self, connection: Connection, reply: Reply) -> None:
        self._end(connection, False)
        reply(None)

    def _end(self, connection: Connection, commit: bool) -> None:
        connection.broken = True  # what of it comes later, or waits, does nothing
        if self._holder is not connection:
            return
        if not commit:
            self.tables.restore(self._saved)
        self._holder = None
        while self._waiting and self._holder is None:
            self.execute(*self._waiting.popleft())


class Connection:
    """One connection of a process, for one unit of work."""

    def __init__(self, server: Server, target: int, *, in_transaction: bool) -> None:
        self._server = server
        self.target = target
        self.in_transaction = in_transaction
        self.began = False
        self.broken = False

    async def statement(self, act: Callable[[], _Result]) -> _Result:
        """Raises Unavailable; what the statement did is then unknown."""
        self.began = True
        result: _Result = await self._within(lambda reply: self._server.execute(self, act, reply))
        return result

    async def commit(self) -> None:
        await self._within(lambda reply: self._server.commit(self, reply))

    def roll_back(self) -> None:
        self._server.network.request(self.target, lambda reply: self._server.roll_back(self, reply))

    async def _within(self, act: Callable[[Reply], None]) -> Any:
        answer = self._server.network.request(self.target, act)
        try:
            await asyncio.wait((answer,), timeout=COMMAND_TIMEOUT)
        except asyncio.CancelledError:
            await asyncio.wait((answer,), timeout=RELEASE_TIMEOUT)
            raise
        if not answer.done():
            raise Unavailable("PostgreSQL: no answer in time")
        return answer.result()


class Unit(Generic[_Unit]):
    """One unit of work: `async with`."""

    def __init__(self, connection: Connection, unit: Callable[[Connection], _Unit]) -> None:
        self._connection = connection
        self._unit = unit

    async def __aenter__(self) -> _Unit:
        return self._unit(self._connection)

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        connection = self._connection
        if not (connection.in_transaction and connection.began):
            return
        if kind is None:
            await connection.commit()
        else:
            connection.roll_back()


class Units(Generic[_Unit]):
    """The units of work of one process, as a service asks for them."""

    def __init__(self, server: Server, target: int, unit: Callable[[Connection], _Unit]) -> None:
        self._server = server
        self._target = target
        self._unit = unit

    def transaction(self) -> Unit[_Unit]:
        return Unit(Connection(self._server, self._target, in_transaction=True), self._unit)

    def session(self) -> Unit[_Unit]:
        return Unit(Connection(self._server, self._target, in_transaction=False), self._unit)

    def snapshot(self) -> Unit[_Unit]:
        return self.session()
