"""end_time is when the work was over, however late it is recorded, and duration_ms what lies before it."""

from __future__ import annotations

import asyncio

import msgspec

from support.databases import TestDatabase
from support.ledger import check_ledger

from .conftest import Worker, queued

SIXTY_DAYS = 60 * 86_400_000
"""In milliseconds, more than an INT takes."""


async def test_a_record_that_comes_late_says_when_the_work_was_over(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        first, second = await queued(sql, 2)
        worker.deliver(first, second)
        await worker.claimer.step()
        await asyncio.gather(*(entry.task for entry in worker.running.entries() if entry.task))
        waiting = worker.recorder._waiting
        worker.recorder._waiting = [msgspec.structs.replace(ended, at=ended.at - 3.0) for ended in waiting]
        await sql.execute(
            "UPDATE executions SET start_time = start_time - interval '60 days' WHERE execution_id = $1",
            first["execution_id"],
        )
        await worker.ran()
        rows = await sql.fetch(
            """SELECT duration_ms, extract(epoch FROM clock_timestamp() - end_time)::float8 AS ago FROM executions
               ORDER BY execution_id"""
        )
        assert await check_ledger(sql) == []
    assert -3_000 <= rows[0]["duration_ms"] - SIXTY_DAYS < -1_000
    assert rows[0]["ago"] >= 3
    assert rows[1]["duration_ms"] == 0  # an end is never before its start
    assert rows[1]["ago"] < 3


async def test_the_checker_holds_each_duration_against_its_times(database: TestDatabase) -> None:
    """Half a millisecond may be rounded either way; more than that is reported, and so is a duration that is missing or
    has no end."""
    rows = [("4.5 ms", 4), ("4.5 ms", 5), ("4.5 ms", 6), ("2 s", None), (None, 7)]
    async with database.owner() as sql:
        for lasted, duration in rows:
            await sql.execute(
                """INSERT INTO executions (job_id, status, scheduled_time, start_time, end_time, duration_ms)
                   VALUES ((SELECT count(*) FROM executions), 'COMPLETED', now(), now(), now() + $1::text::interval, $2)""",
                lasted, duration,
            )  # fmt: skip
        problems = await check_ledger(sql)
    assert [problem.partition(": ")[2] for problem in problems] == [
        "6 ms, lasted 0:00:00.004500", "None ms, lasted 0:00:02", "7 ms, lasted None",
    ]  # fmt: skip
