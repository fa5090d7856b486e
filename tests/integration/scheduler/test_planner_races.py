"""Changes between the read and the write of a plan step."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from foliot.common.ledger.runs import Runs
from support.databases import TestDatabase
from support.eventually import eventually
from support.locks import stands_behind_a_lock
from support.making import insert_job

from .conftest import DueColumns, Leader, both_ways, read_due


@both_ways
async def test_an_edit_between_read_and_write_is_planned_as_edited(
    leader: Leader, database: TestDatabase, due: DueColumns
) -> None:
    """A job whose version moved is not planned from what was read; it stays due."""
    async with database.owner() as sql:
        job_id = await insert_job(sql, **due())
        now, portion = await read_due(leader)
        await sql.execute("UPDATE jobs SET version = version + 1 WHERE job_id = $1", job_id)
        assert await leader.planner._writer.write(portion, now) == 0
        assert await sql.fetchval("SELECT count(*) FROM executions") == 0
        await leader.planner.step()
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE status = 'QUEUED'") == 1


async def run_now(leader: Leader, job_id: int) -> None:
    job: Any = SimpleNamespace(job_id=job_id, user_id=1, team_id=None, pool="default", priority=0)
    async with leader.units.transaction() as unit:
        runs = Runs(unit.session)
        run = await runs.insert_run(job, override=None, request_id="r", traceparent=None, waits=False)
        await runs.note_open_runs([(job_id, run.scheduled_time)])


async def test_a_run_between_read_and_write_is_met(leader: Leader, database: TestDatabase) -> None:
    """Nothing was open at the read; a run that somebody has made since then leaves the job for another look."""
    async with database.owner() as sql:
        job_id = await insert_job(sql)
        now, portion = await read_due(leader)
        await run_now(leader, job_id)
        assert await leader.planner._writer.write(portion, now) == 0
        await leader.planner.step()
        statuses = await sql.fetch("SELECT status FROM executions WHERE trigger = 'schedule'")
    assert [row["status"] for row in statuses] == ["SKIPPED"]


async def test_a_run_in_the_middle_of_the_write_is_met(leader: Leader, database: TestDatabase) -> None:
    """The writing statement has its snapshot and waits for the term's row when somebody makes a run and commits."""
    async with database.owner() as sql, database.owner() as holder:
        job_id = await insert_job(sql)
        now, portion = await read_due(leader)
        async with holder.transaction():
            await holder.execute("SELECT FROM leader FOR UPDATE")
            planning = asyncio.create_task(leader.planner._writer.write(portion, now))
            await eventually(lambda: stands_behind_a_lock(sql, "Plans one plain tick"))
            await run_now(leader, job_id)
        assert await planning == 0
        assert [row["trigger"] for row in await sql.fetch("SELECT trigger FROM executions")] == ["manual"]


async def test_another_job_in_the_place_of_the_one_that_was_read(leader: Leader, database: TestDatabase) -> None:
    """A place is used again after a vacuum: which job stands there now is told by its xmin."""
    async with database.owner() as sql:
        await insert_job(sql)
        now, portion = await read_due(leader)
        await sql.execute("UPDATE jobs SET next_run_time = next_run_time + interval '1 hour'")  # indexed: the row moves

        async def is_taken() -> None:
            await sql.execute("VACUUM jobs")
            other = await insert_job(sql, next_run_time=datetime.now(UTC) + timedelta(hours=1))
            assert await sql.fetchval("SELECT ctid FROM jobs WHERE job_id = $1", other) == portion[0].job.at

        await eventually(is_taken, within=20)
        assert await leader.planner._writer.write(portion, now) == 0
        assert await sql.fetchval("SELECT count(*) FROM executions") == 0


@both_ways
async def test_portions_that_were_judged_before_history_was_closed_are_judged_again(
    leader: Leader, database: TestDatabase, due: DueColumns
) -> None:
    """The first of them meets the new floor; the second one was judged by the former floor all the same."""
    async with database.owner() as sql:
        for _ in range(2):
            await insert_job(sql, **due())
        now, portion = await read_due(leader)
        await sql.execute("UPDATE partition_floor SET floor = now()")
        for part in (portion[:1], portion[1:]):
            assert await leader.planner._writer.write(part, now) == 0
        assert (
            await sql.fetchval(
                "SELECT count(*) FROM executions WHERE scheduled_time < (SELECT floor FROM partition_floor)"
            )
            == 0
        )
