"""A model of PostgreSQL as a process sees it: statements and transactions over a network, one transaction at a time.

Statements of other connections wait while a transaction is open. That is stricter than row locks and brings the same
delays. What a statement does is the tables' own affair. Beside the faults of a network there is `pg-deadlock`: some
statements are rolled back, with their transaction.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import asyncpg

from foliot.common.errors import RolledBack, Unavailable
from foliot.common.ledger.faults import AWAY, ROLLED_BACK
from simulate.virtual import network
from simulate.virtual.network import Network, Reply
from simulate.virtual.story import Stage

COMMAND_TIMEOUT = 2.0
"""Seconds that a caller waits: the share of the simulated lease (6 s) that the product's 10 s are of its 30."""
RELEASE_TIMEOUT = 1.0
"""Seconds that a cancelled caller waits for the end of its statement, as it does to give back its connection."""
IDLE_IN_TRANSACTION = 2.0
DEADLOCKS = 0.3
"""Share of the statements that are rolled back while `pg-deadlock` lasts."""
KINDS = (*network.KINDS, "deadlock")
_MODEL = -2
"""The number of the model itself, which no fault meets."""
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
        self.network = Network(stage, "pg", OSError)
        self._holder: Connection | None = None
        self._saved: Any = None
        self._waiting: deque[tuple[Connection, Callable[[], Any], Reply]] = deque()

    def execute(self, connection: Connection, act: Callable[[], Any], reply: Reply) -> None:
        if connection.broken:
            reply(asyncpg.InterfaceError("the connection is closed"))
            return
        if self._holder not in (None, connection):
            self._waiting.append((connection, act, reply))
            return
        if connection.in_transaction and self._holder is None:
            self._holder, self._saved = connection, self.tables.save()
            self._stage.loop.call_later(IDLE_IN_TRANSACTION, self._end, connection, False)
        if self._deadlocks(connection):
            self._end(connection, False)
            reply(asyncpg.DeadlockDetectedError("deadlock detected"))
            return
        try:
            result = act()
        except Exception as error:
            result = error
        reply(result)

    def _deadlocks(self, connection: Connection) -> bool:
        if connection.target == _MODEL or not self._stage.until("pg-deadlock", connection.target):
            return False
        return self._stage.rng.random() < DEADLOCKS

    @property
    def in_transaction(self) -> bool:
        """True while what the tables show is not committed yet."""
        return self._holder is not None

    def instant(self, act: Callable[[], Any]) -> None:
        """A statement of the model's own: it waits for an open transaction, and for nothing else."""
        self.execute(Connection(self, _MODEL, in_transaction=False), act, lambda _result: None)

    def commit(self, connection: Connection, reply: Reply) -> None:
        held = self._holder is connection
        self._end(connection, True)
        reply(None if held else asyncpg.IdleInTransactionSessionTimeoutError("the transaction was ended"))

    def roll_back(self, connection: Connection, reply: Reply) -> None:
        self._end(connection, False)
        reply(None)

    def _end(self, connection: Connection, commit: bool) -> None:
        connection.broken = connection.in_transaction  # what of it comes later, or waits, does nothing
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
        """Raises an error of AWAY; what the statement did is then unknown."""
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
            raise TimeoutError("no answer in time")
        return answer.result()


class Unit(Generic[_Unit]):
    """One unit of work: `async with`."""

    def __init__(self, connection: Connection, unit: Callable[[Connection], _Unit]) -> None:
        self._connection = connection
        self._unit = unit

    async def __aenter__(self) -> _Unit:
        return self._unit(self._connection)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, *rest: object) -> None:
        """As foliot.common.ledger.postgres does it: commit or roll back, and translate the errors."""
        try:
            await self._end(commit=kind is None)
            if error is not None:
                raise error
        except ROLLED_BACK as rolled_back:
            raise RolledBack(f"PostgreSQL: {rolled_back}") from rolled_back
        except AWAY as away:
            raise Unavailable(f"PostgreSQL: {away}") from away

    async def _end(self, *, commit: bool) -> None:
        connection = self._connection
        if not (connection.in_transaction and connection.began):
            return
        if commit:
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
