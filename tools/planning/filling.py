"""Many jobs at once, and planners that plan them."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any, TypeAlias

import asyncpg

from foliot.common.clock import SystemClock
from foliot.common.ledger.database import Database
from foliot.scheduler.dispatcher import Dispatcher
from foliot.scheduler.planner import Planner
from foliot.scheduler.unit import Unit
from foliot.scheduler.windows import Windows

Sql: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_czxids = itertools.count(1)


class SilentBroker:
    """Confirms everything and keeps nothing."""

    async def publish(self, queue: str, body: bytes, message_id: str) -> None:
        pass

    async def declare(self, queues: Any) -> None:
        pass

    async def rebuild(self, queue: Any) -> None:
        pass


async def a_planner(units: Database[Unit]) -> Planner:
    async with units.transaction() as unit:
        term = await unit.terms.take_term("planning", next(_czxids), "planning")
    assert term is not None
    clock = SystemClock()
    return Planner(units, term, Dispatcher(SilentBroker(), Windows(), {"default"}, clock), clock, batch=2_000)


async def fill(sql: Sql, count: int, *, schedule: str, due: datetime, **columns: Any) -> None:
    """`count` script jobs with this schedule, next due at `due`."""
    names = "".join(f", {name}" for name in columns)
    places = "".join(f", ${n + 4}" for n in range(len(columns)))
    await sql.execute(
        f"""INSERT INTO jobs (user_id, job_name, job_type, payload, schedule, next_run_time, schedule_since{names})
            SELECT 1, 'job ' || g, 'script', '{{"script": "true"}}', $2, $3, $3::timestamptz - interval '1 minute'{places}
            FROM generate_series(1, $1) g""",
        count, schedule, due, *columns.values(),
    )  # fmt: skip
