"""Plan on a real ledger: exactly one row a tick, under one term."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from foliot.common.errors import Fenced, Unavailable
from foliot.common.ledger.database import Database
from foliot.common.ledger.runs import Runs
from foliot.scheduler.decisions import NO_FLOOR
from foliot.scheduler.dispatcher import HAND_OUT_AHEAD
from foliot.scheduler.relay import Relay
from support.databases import TestDatabase
from support.eventually import eventually
from support.locks import stands_behind_a_lock
from support.making import insert_job

from .conftest import DueColumns, Leader, both_ways, read_due, take_term


async def test_a_due_job_is_planned_and_dispatched_once(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        job_id = await insert_job(sql)
        await leader.planner.step()
        await leader.planner.step()
        (row,) = await sql.fetch("SELECT * FROM executions")
        job = await sql.fetchrow("SELECT * FROM jobs")
    assert job is not None
    assert (row["job_id"], row["status"], row["attempt_number"], row["term"]) == (job_id, "QUEUED", 1, leader.term)
    assert row["dispatched_at"] is not None
    assert job["next_run_time"] > datetime.now(UTC)
    assert (job["last_run_time"], job["open_since"], job["runs_planned"]) == (
        row["scheduled_time"],
        row["scheduled_time"],
        1,
    )
    assert await leader.published() == [row["execution_id"]]


async def test_sleeps_until_the_next_job_is_due(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await insert_job(sql, next_run_time=datetime.now(UTC) + timedelta(seconds=0.15))
    assert 0.0 < await leader.planner.step() <= 0.15 - HAND_OUT_AHEAD.total_seconds()


async def test_two_leaders_make_one_row(leader: Leader, units: Database, database: TestDatabase) -> None:
    """Both plan at once: the job's lock and the ledger's key leave one row a tick."""
    other = Leader(units, leader.term)
    async with database.owner() as sql:
        for _ in range(20):
            await insert_job(sql)
        await asyncio.gather(*(one.planner.step() for one in (leader, other, leader, other)))
        counts = await sql.fetch("SELECT count(*) AS n FROM executions GROUP BY job_id, scheduled_time")
    assert [row["n"] for row in counts] == [1] * 20


@both_ways
async def test_a_former_term_writes_nothing(
    leader: Leader, units: Database, database: TestDatabase, due: DueColumns
) -> None:
    async with database.owner() as sql:
        job_id = await insert_job(sql, **due())
        await take_term(units, "scheduler-2", czxid=2)
        with pytest.raises(Fenced):
            await leader.planner.step()
        assert await sql.fetchval("SELECT count(*) FROM executions") == 0
        assert await sql.fetchval("SELECT next_run_time < now() FROM jobs WHERE job_id = $1", job_id)


@pytest.mark.parametrize("holder", ["any duty", "plan", "plain plan"])
async def test_a_successor_waits_for_the_transaction_of_the_former(
    leader: Leader, units: Database, database: TestDatabase, holder: str
) -> None:
    """FOR SHARE and the successor's UPDATE order the terms: nothing of the old commits after the new row."""
    async with database.owner() as sql, units.transaction() as unit:
        if holder == "plan":
            await unit.plan.hold_and_lock_due_jobs([], leader.term)
        elif holder == "plain plan":
            await unit.plan.plan_plain_ticks([], leader.term, NO_FLOOR)
        else:
            await unit.terms.hold_term(leader.term)
        successor = asyncio.create_task(take_term(units, "scheduler-2", czxid=2))
        await eventually(lambda: stands_behind_a_lock(sql, "UPDATE leader"))
        assert not successor.done()
    assert await successor == leader.term + 1


async def test_a_stalled_leader_in_a_transaction_holds_its_successor_for_two_seconds(
    leader: Leader, units: Database
) -> None:
    """idle_in_transaction_session_timeout of the role frees the row that a stopped process still holds."""
    successor: list[int] = []
    with pytest.raises(Unavailable):
        async with units.transaction() as unit:
            await unit.terms.hold_term(leader.term)
            successor.append(await asyncio.wait_for(take_term(units, "scheduler-2", czxid=2), 4.0))
    assert successor == [leader.term + 1]


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
        await runs.note_open_run(job_id, run.scheduled_time)


async def test_a_run_between_read_and_write_is_met(leader: Leader, database: TestDatabase) -> None:
    """What was read says that nothing is open; a run that somebody made since leaves the job for another look."""
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
            await eventually(lambda: stands_behind_a_lock(sql, "FOR SHARE"))
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


async def test_a_tick_that_has_its_row_is_not_planned_twice(leader: Leader, database: TestDatabase) -> None:
    """Nor does it keep the others of its batch."""
    async with database.owner() as sql:
        first, second, third = [await insert_job(sql) for _ in range(3)]
        await sql.execute(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time, end_time)
               SELECT job_id, 1, 'COMPLETED', next_run_time, now() FROM jobs WHERE job_id = $1""",
            second,
        )
        await leader.planner.step()
        rows = await sql.fetch("SELECT job_id, status FROM executions ORDER BY job_id")
        assert await sql.fetchval("SELECT count(*) FROM jobs WHERE next_run_time <= now()") == 0
    assert [tuple(row) for row in rows] == [(first, "QUEUED"), (second, "COMPLETED"), (third, "QUEUED")]


async def test_overlap_skip_covers_the_tick(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        job_id = await insert_job(sql, schedule="@every 1s")
        await leader.planner.step()
        await sql.execute("UPDATE jobs SET next_run_time = now() - interval '1 ms' WHERE job_id = $1", job_id)
        await leader.planner.step()
        rows = await sql.fetch("SELECT status, error_message, end_time FROM executions ORDER BY scheduled_time")
    assert [(row["status"], row["error_message"]) for row in rows] == [("QUEUED", None), ("SKIPPED", "overlap")]
    assert rows[1]["end_time"] is not None


async def test_a_poisonous_row_stops_nobody(leader: Leader, database: TestDatabase) -> None:
    """499 of 500 are planned; the one whose zone nobody knows is FAILED and audited."""
    async with database.owner() as sql:
        for n in range(500):
            await insert_job(sql, job_name=f"job {n}", timezone="No/Where" if n == 250 else "UTC")
        await leader.planner.step()
        await leader.planner.step()
        assert await sql.fetchval("SELECT count(DISTINCT job_id) FROM executions") == 499
        (failed,) = await sql.fetch("SELECT * FROM jobs WHERE status = 'FAILED'")
        assert failed["job_name"] == "job 250"
        (audit,) = await sql.fetch("SELECT * FROM audit_logs WHERE user_id = 0")
        assert audit["resource_id"] == failed["job_id"]


async def test_times_beyond_all_calendars_stop_nobody(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        odd, good = [await insert_job(sql) for _ in range(2)]
        await sql.execute("UPDATE jobs SET next_run_time = '-infinity', end_at = 'infinity' WHERE job_id = $1", odd)
        for _ in range(3):
            await leader.planner.step()
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE job_id = $1 AND status = 'QUEUED'", good) == 1


async def test_a_time_of_another_age_makes_no_months_and_stops_nobody(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        count = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'executions'::regclass"
        months = await sql.fetchval(count)
        good, odd, late = [await insert_job(sql) for _ in range(3)]
        await sql.execute("UPDATE jobs SET next_run_time = '0800-12-25 00:00Z' WHERE job_id = $1", odd)
        await sql.execute("UPDATE jobs SET next_run_time = now() - interval '1 year' WHERE job_id = $1", late)
        for _ in range(3):
            await leader.planner.step()
        assert await sql.fetchval("SELECT array_agg(job_id) FROM jobs WHERE status = 'FAILED'") == [odd]
        planned = "SELECT array_agg(DISTINCT job_id ORDER BY job_id) FROM executions WHERE status = 'QUEUED'"
        assert await sql.fetchval(planned) == [good, late]
        assert 0 < await sql.fetchval(count) - months <= 12
        assert "0800-12-25" in await sql.fetchval("SELECT new_value ->> 'reason' FROM audit_logs")


async def test_a_row_that_the_server_refuses_is_found_by_splitting(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        for n in range(50):
            await insert_job(sql, job_name=f"job {n}")
        await sql.execute("ALTER TABLE executions ADD CONSTRAINT poison CHECK (job_id <> 13)")
        await leader.planner.step()
        assert await sql.fetchval("SELECT count(*) FROM executions") == 49
        assert await sql.fetchval("SELECT job_id FROM jobs WHERE status = 'FAILED'") == 13


async def test_the_window_leaves_the_rest_to_the_relay(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        for priority in [0] * 120 + [9] * 5:
            await insert_job(sql, priority=priority)
        await leader.planner.step()
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE dispatched_at IS NOT NULL") == 105
        assert await leader.relay.step() < Relay.INTERVAL
        await sql.execute(
            "UPDATE executions SET status = 'COMPLETED', end_time = now() WHERE dispatched_at IS NOT NULL"
        )
        await leader.relay.step()
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE dispatched_at IS NULL") == 0
    assert len(set(await leader.published())) == 125


async def test_what_the_broker_did_not_confirm_is_sent_again(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        await insert_job(sql)
        leader.broker.away = True
        await leader.planner.step()
        await leader.dispatcher.close(grace=5)
        assert leader.dispatcher.unconfirmed == 1
        leader.broker.away = False
        await leader.dispatcher.resend()
        (execution_id,) = await leader.published()
        assert execution_id == await sql.fetchval("SELECT execution_id FROM executions")


async def test_a_new_leader_sends_what_a_former_dispatched_and_nobody_claimed(
    leader: Leader, units: Database, database: TestDatabase
) -> None:
    async with database.owner() as sql:
        await insert_job(sql)
        leader.broker.away = True
        await leader.planner.step()
        await leader.dispatcher.close(grace=5)
        successor = Leader(units, await take_term(units, "scheduler-2", czxid=2))
        await successor.relay.send_unclaimed()
        assert await successor.published() == [await sql.fetchval("SELECT execution_id FROM executions")]


async def test_a_job_whose_last_tick_was_skipped_ends(leader: Leader, database: TestDatabase) -> None:
    async with database.owner() as sql:
        long_ago = datetime.now(UTC) - timedelta(hours=2)
        await insert_job(
            sql,
            schedule=f"{long_ago:%Y-%m-%dT%H:%M:%SZ}",
            next_run_time=long_ago.replace(microsecond=0),
            misfire_policy="skip",
        )
        await leader.planner.step()
        assert await sql.fetchval("SELECT status FROM jobs") == "FAILED"
