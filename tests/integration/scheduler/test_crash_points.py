"""The leader dies at each step of plan and dispatch, before it and after it: its successor leaves exactly one row a tick,
and every row's message is sent."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from foliot.common.errors import Unavailable
from foliot.common.ledger.database import Database
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statement
from foliot.scheduler.unit import Unit
from support.databases import TestDatabase
from support.making import insert_job

from .conftest import DueColumns, Leader, caught_up, plain, take_term

POINTS = [(plain, point) for point in range(1, 4)] + [(caught_up, point) for point in range(1, 7)]
"""Jobs that are planned by one statement, and by three and a commit; then a question before, and a publish after it."""


class Died(BaseException):
    """The process is gone: nothing after this line happens."""


class Steps:
    """Counts the steps of a leader and dies at the chosen one."""

    def __init__(self, at: int, after: bool) -> None:
        self._at = at
        self._after = after
        self.count = 0
        self.died = False

    async def take(self, step: Any) -> Any:
        self.count += 1
        if self.count != self._at:
            return await step()
        self.died = True
        if self._after:
            await step()
        raise Died


class MortalSession(Session):
    def __init__(self, session: Session, steps: Steps) -> None:
        super().__init__(session._connection)
        self._steps = steps

    async def fetch(self, statement: Statement, *args: Any) -> Any:
        return await self._steps.take(lambda: super(MortalSession, self).fetch(statement, *args))

    async def execute(self, statement: Statement, *args: Any) -> Any:
        return await self._steps.take(lambda: super(MortalSession, self).execute(statement, *args))


class MortalDatabase:
    """A database whose client may die at any statement, and just after a commit."""

    def __init__(self, units: Database, steps: Steps) -> None:
        self._units = units
        self._steps = steps

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Unit]:
        async with self._units.transaction() as unit:
            yield Unit(MortalSession(unit.session, self._steps))

        async def committed() -> None: ...

        await self._steps.take(committed)

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Unit]:
        async with self._units.session() as unit:
            yield Unit(MortalSession(unit.session, self._steps))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("due", "point"), POINTS)
async def test_a_leader_that_dies_leaves_nothing_lost_and_nothing_twice(
    units: Database, database: TestDatabase, due: DueColumns, point: int, after: bool
) -> None:
    steps = Steps(point, after)
    former = Leader(MortalDatabase(units, steps), await take_term(units))  # type: ignore[arg-type]
    publish = former.broker.publish
    former.broker.publish = lambda *args: steps.take(lambda: publish(*args))  # type: ignore[method-assign]
    async with database.owner() as sql:
        job_ids = [await insert_job(sql, **due()) for _ in range(3)]
        with contextlib.suppress(Died, Unavailable):
            await former.planner.step()
        with contextlib.suppress(Died):
            await former.dispatcher.close(grace=1)
        assert steps.died
        successor = Leader(units, await take_term(units, "scheduler-2", czxid=2))
        await successor.relay.send_unclaimed()
        await successor.planner.step()
        await successor.relay.step()
        rows = await sql.fetch(
            "SELECT job_id, execution_id, dispatched_at FROM executions WHERE status = 'QUEUED' ORDER BY job_id"
        )
    assert [row["job_id"] for row in rows] == job_ids
    sent = set(await successor.published()) | set(former.broker.execution_ids())
    assert sent == {row["execution_id"] for row in rows}
