"""Units of work through the gate: each statement and each COMMIT is a step, and can meet a fault there.

The product's own statements run on a real PostgreSQL; only the order is the simulation's. BEGIN is no step: PostgreSQL
takes its snapshots and its locks at the statements.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeVar

import asyncpg

from foliot.common.errors import RolledBack, Unavailable
from foliot.common.ledger.faults import AWAY, ROLLED_BACK
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statement
from simulate.statements.connections import Connections
from simulate.statements.effects import Effects
from simulate.statements.gate import Gate
from simulate.statements.step import Crash, Fault, Step

_Unit = TypeVar("_Unit")


class GatedSession(Session):
    """One connection of one process."""

    def __init__(self, connection: Any, gate: Gate, process: str, effects: Effects, *, autocommit: bool) -> None:
        super().__init__(connection)
        self._gate = gate
        self._process = process
        self._effects = effects
        self._autocommit = autocommit
        self.pid: int = connection.get_server_pid()
        self.used = False

    async def fetch(self, statement: Statement, *args: Any) -> list[asyncpg.Record]:
        step = await self._gate.enter(self._process, statement.name, self.pid)
        with self._ending(step):
            result = await super().fetch(statement, *args)
            self._ran(step, statement, args, result)
        return result

    async def execute(self, statement: Statement, *args: Any) -> int:
        step = await self._gate.enter(self._process, statement.name, self.pid)
        with self._ending(step):
            count = await super().execute(statement, *args)
            self._ran(step, statement, args, count)
        return count

    def _ran(self, step: Step, statement: Statement, args: tuple[Any, ...], result: Any) -> None:
        self._effects.observe(self._process, step, statement, args, result)
        if self._autocommit:
            self._effects.committed(self._process, step.number, self.pid)

    @contextlib.contextmanager
    def _ending(self, step: Step) -> Any:
        """Run the statement, or let it meet its fault. A victim of a deadlock sees PostgreSQL's own error."""
        self.used = True
        try:
            if step.fault is Fault.CUT_BEFORE:
                raise asyncpg.ConnectionDoesNotExistError("cut before the statement")
            yield
            if step.fault is Fault.CRASH_AFTER:
                self._gate.kill(self._process)
            if step.fault is Fault.CUT_AFTER:
                raise asyncpg.ConnectionDoesNotExistError("cut before the answer")
        except asyncpg.QueryCanceledError as error:
            raise asyncpg.DeadlockDetectedError(str(error)) from error
        finally:
            step.leave()
        if self._gate.is_dead(self._process):
            raise Crash(self._process)


def _away(error: BaseException) -> Unavailable:
    return RolledBack(str(error)) if isinstance(error, ROLLED_BACK) else Unavailable(str(error))


class GatedDatabase(Generic[_Unit]):
    """The units of work of one process, over the connections of its role."""

    def __init__(
        self,
        connections: Connections, unit: Callable[[Session], _Unit], gate: Gate, process: str, effects: Effects
    ) -> None:  # fmt: skip
        self._connections = connections
        self._unit = unit
        self._gate = gate
        self._process = process
        self._effects = effects

    def _session(self, connection: Any, *, autocommit: bool) -> GatedSession:
        return GatedSession(connection, self._gate, self._process, self._effects, autocommit=autocommit)

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[_Unit]:
        try:
            async with self._connections.one() as connection:
                yield self._unit(self._session(connection, autocommit=True))
        except (*AWAY, ROLLED_BACK) as error:
            raise _away(error) from error

    @contextlib.asynccontextmanager
    async def transaction(self, **options: Any) -> AsyncIterator[_Unit]:
        try:
            async with self._connections.one() as connection:
                session = self._session(connection, autocommit=False)
                transaction = connection.transaction(**options)
                await self._tracked(transaction.start(), "BEGIN")
                try:
                    yield self._unit(session)
                    await self._commit(transaction, session)
                except BaseException:
                    await self._roll_back(transaction)
                    self._effects.ended(self._process, session.pid)
                    raise
        except (*AWAY, ROLLED_BACK) as error:
            raise _away(error) from error

    def snapshot(self) -> contextlib.AbstractAsyncContextManager[_Unit]:
        return self.transaction(isolation="repeatable_read", readonly=True)

    async def _commit(self, transaction: Any, session: GatedSession) -> None:
        if not session.used:
            await self._tracked(transaction.commit(), "COMMIT of nothing")
            return
        step = await self._gate.enter(self._process, "COMMIT", session.pid)
        try:
            if step.fault is Fault.CUT_BEFORE:
                raise asyncpg.ConnectionDoesNotExistError("cut before COMMIT")
            await transaction.commit()
            self._effects.committed(self._process, step.number, session.pid)
            if step.fault is Fault.CRASH_AFTER:
                self._gate.kill(self._process)
            if step.fault is Fault.CUT_AFTER:
                raise asyncpg.ConnectionDoesNotExistError("cut before the answer to COMMIT")
        finally:
            step.leave()
        if self._gate.is_dead(self._process):
            raise Crash(self._process)

    async def _roll_back(self, transaction: Any) -> None:
        """What PostgreSQL does by itself when a process or its connection ends."""
        with contextlib.suppress(asyncpg.InterfaceError):  # it is committed already
            await self._tracked(transaction.rollback(), "ROLLBACK")

    async def _tracked(self, work: Any, label: str) -> None:
        step = self._gate.track(self._process, label, None)
        try:
            await work
        finally:
            step.leave()
