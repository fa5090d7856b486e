"""A sample of `make planner-bars`: counts after an outage, no starving, no callback that holds the loop."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from foliot.common.ledger.database import Database
from foliot.common.process.logs.setup import configure
from foliot.scheduler.unit import Unit
from planning.bars import NOON, OUTAGE, check_outage, outage, plan_all
from planning.filling import a_planner, fill
from support.costs import lines_run
from support.databases import TestDatabase
from support.pinned_time import pin_time

BAR = 100_000
"""Lines of Python in one callback: 10 to 25 ms. Without slices and portions each test exceeds it."""
SINK = Path(os.devnull).open("w")  # noqa: SIM115 (cached loggers keep it)


@pytest.fixture(autouse=True)
def _logged_as_in_production() -> Iterator[None]:
    handlers = logging.getLogger().handlers[:]
    configure("scheduler", "INFO", SINK)
    yield
    logging.getLogger().handlers[:] = handlers
    structlog.reset_defaults()


@pytest.fixture
async def units(database: TestDatabase) -> AsyncIterator[Database]:
    await pin_time(database, NOON)
    async with Database(database.url("scheduler"), Unit, size=8, name="test") as opened:
        yield opened


async def test_after_an_outage_each_policy_counts_exactly(units: Database, database: TestDatabase) -> None:
    async with database.owner() as sql:
        figures, problems = await outage(units, sql, 40, lines_run)
    assert problems == []
    assert figures.slowest < BAR, figures


async def test_what_is_due_now_is_planned_before_the_catch_up(units: Database, database: TestDatabase) -> None:
    """600 jobs with 121 due ticks each are older than the one that has just become due: the first step plans it."""
    async with database.owner() as sql:
        await fill(sql, 600, schedule="* * * * *", due=NOON - OUTAGE, misfire_policy="run_all")
        await fill(sql, 1, schedule="@every 1h", due=NOON, job_key="now")
        planner = await a_planner(units)
        await planner.step()
        planned = await sql.fetchval("SELECT next_run_time > $1 FROM jobs WHERE job_key = 'now'", NOON)
        rows = await sql.fetchval("SELECT count(*) FROM executions")
        assert planned
        assert rows < 10_000  # then it looks again at what has become due
        await plan_all(planner, sql, lines_run)
        await sql.execute("DELETE FROM jobs WHERE job_key = 'now'")
        assert await check_outage(sql) == []


async def test_many_jobs_at_one_instant_hold_no_callback_for_long(units: Database, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await fill(sql, 3_000, schedule="0 * * * *", due=NOON)
        figures = await plan_all(await a_planner(units), sql, lines_run)
        assert await sql.fetchval("SELECT count(*) FROM executions") == 3_000
    assert figures.slowest < BAR, figures
    assert figures.steps < 20


async def test_one_job_with_very_many_runs_to_catch_up_holds_no_callback_for_long(
    units: Database, database: TestDatabase
) -> None:
    """1,000 late runs and 1,200 within the grace of 20 minutes, all of one job."""
    async with database.owner() as sql:
        await fill(
            sql, 1, schedule="@every 1s", due=NOON - timedelta(hours=1), misfire_policy="run_all", misfire_limit=1_000,
            misfire_grace_seconds=1_200,
        )  # fmt: skip
        figures = await plan_all(await a_planner(units), sql, lines_run)
        runs = await sql.fetchval("SELECT count(*) FROM executions WHERE status = 'QUEUED'")
        late = await sql.fetchval("SELECT skipped_count FROM executions WHERE status = 'SKIPPED'")
    assert (runs, late) == (1_000 + 1_200, 1_401)
    assert figures.slowest < BAR, figures
