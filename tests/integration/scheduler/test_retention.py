"""Retention: rows in batches, history by whole months, and nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from foliot.common.errors import Unavailable
from foliot.common.ledger.database import Database
from foliot.scheduler.partitions import Partitions
from foliot.scheduler.planner import LOOK_AGAIN
from foliot.scheduler.retention import ROWS_PER_BATCH, TERMS_KEPT, Expirer, RetentionPeriods, months_before
from foliot.scheduler.unit import Unit
from integration.scheduler.conftest import Leader
from support.databases import TestDatabase
from support.eventually import eventually
from support.ledger import Sql
from support.locks import stands_behind_a_lock
from support.making import insert_job

PERIODS = RetentionPeriods(
    executions_months=12,
    audit_logs_months=24,
    job_versions_months=24,
    jobs_days=30,
    dead_letters_days=90,
    idempotency_keys_hours=24,
    operations_days=30,
)
OLD = datetime.now(UTC) - timedelta(days=400)


@pytest.fixture
async def maintenance(database: TestDatabase) -> AsyncIterator[Database]:
    async with Database(database.url("maintenance"), Unit, size=1, name="maintenance") as opened:
        yield opened


@pytest.fixture
def expirer(units: Database, leader: Leader, maintenance: Database) -> Expirer:
    return Expirer(units, leader.term, PERIODS, maintenance)


async def months(sql: Sql, parent: str = "executions") -> list[str]:
    rows = await sql.fetch(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relname ~ ('^' || $1 || '_\\d{4}_\\d{2}$') ORDER BY 1",
        parent,
    )
    return [row[0] for row in rows]


async def old_month(sql: Sql, status: str = "COMPLETED") -> str:
    """A month of which everything is older than it is kept, with one execution in it."""
    await sql.execute("SELECT ensure_partitions('executions', $1, $1)", OLD)
    await sql.execute(
        """INSERT INTO executions (job_id, status, scheduled_time, available_at, end_time)
           VALUES (1, $1::text, $2, $2, CASE WHEN $1::text = 'COMPLETED' THEN now() END)""",
        status, OLD,
    )  # fmt: skip
    return OLD.strftime("executions_%Y_%m")


def test_a_month_is_kept_as_long_as_something_in_it_is_younger() -> None:
    assert months_before(datetime(2026, 11, 23, 5, tzinfo=UTC), 12) == datetime(2025, 11, 1, tzinfo=UTC)
    assert months_before(datetime(2026, 1, 1, tzinfo=UTC), 24) == datetime(2024, 1, 1, tzinfo=UTC)


async def test_over_a_simulated_year_months_are_there_ahead_and_go_when_their_time_has_passed(
    database: TestDatabase, units: Database, expirer: Expirer
) -> None:
    partitions = Partitions(units)
    start = datetime.now(UTC)
    async with database.owner() as sql:
        first = (await months(sql))[0]
        for week in range(80):
            now = start + timedelta(weeks=week)
            await partitions.make(now)
            await expirer.expire_months(now)
            names = await months(sql)
            for moment in (now, now + timedelta(days=31), now + timedelta(days=61)):
                assert moment.strftime("executions_%Y_%m") in names
            assert (
                now - timedelta(days=365) < start or (now - timedelta(days=365)).strftime("executions_%Y_%m") in names
            )
            assert len(names) <= 17, names
        assert first not in names
        assert await partitions.make(now) == 0
        dropped = await sql.fetch("SELECT new_value FROM audit_logs WHERE action = 'EXPIRE_MONTH' AND user_id = 0")
    assert len(dropped) >= 5


async def test_a_closed_month_with_open_work_stays_until_that_has_ended(
    database: TestDatabase, expirer: Expirer
) -> None:
    async with database.owner() as sql:
        month = await old_month(sql, "QUEUED")
        assert await expirer.expire_months(datetime.now(UTC)) == 0
        assert month in await months(sql)
        await sql.execute("UPDATE executions SET status = 'CANCELLED', end_time = now() WHERE job_id = 1")
        assert await expirer.expire_months(datetime.now(UTC)) == 1
        assert month not in await months(sql)
        assert await sql.fetchval("SELECT floor FROM partition_floor") == months_before(datetime.now(UTC), 12)
        assert await sql.fetchval("SELECT ensure_partitions('executions', $1, $1)", OLD) <= 1
        assert month not in await months(sql)


async def test_a_month_is_dropped_while_dispatch_goes_on(
    database: TestDatabase, leader: Leader, expirer: Expirer
) -> None:
    """An old reader holds the detachment up; plan does not stand behind it, and the next step ends what was begun."""
    async with database.owner() as sql, database.owner() as reader:
        month = await old_month(sql)
        job_id = await insert_job(sql)
        transaction = reader.transaction(isolation="repeatable_read")
        await transaction.start()
        await reader.execute("SELECT count(*) FROM executions")
        dropping = asyncio.create_task(expirer.expire_months(datetime.now(UTC)))
        await eventually(lambda: stands_behind_a_lock(sql, "DETACH PARTITION"))
        await leader.planner.step()
        await leader.planner.step()
        await stands_behind_a_lock(sql, "DETACH PARTITION")
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE job_id = $1", job_id) == 1
        with pytest.raises(Unavailable):
            await dropping
        await transaction.rollback()
        assert await expirer.expire_months(datetime.now(UTC)) == 1
        assert month not in await months(sql)


async def test_closing_waits_for_who_holds_the_floor(database: TestDatabase, units: Database, expirer: Expirer) -> None:
    async with database.owner() as sql:
        await old_month(sql)
        async with units.transaction() as unit:
            await unit.months.hold_floor()
            closing = asyncio.create_task(expirer.expire_months(datetime.now(UTC)))
            await eventually(lambda: stands_behind_a_lock(sql, "partition_floor"))
            assert not closing.done()
        assert await closing == 1


async def test_plan_writes_nothing_into_a_closed_month(
    database: TestDatabase, leader: Leader, expirer: Expirer
) -> None:
    """A job that stood still for 400 days: the rows of its gap start at the floor, and the dropped month stays dropped."""
    async with database.owner() as sql:
        month = await old_month(sql)
        job_id = await insert_job(
            sql, schedule="@every 1d", next_run_time=OLD, schedule_since=OLD, misfire_policy="run_once"
        )
        await sql.execute("SELECT ensure_partitions('executions', $1, now())", OLD)
        await expirer.expire_months(datetime.now(UTC))
        while await leader.planner.step() <= LOOK_AGAIN and not await sql.fetchval(
            "SELECT next_run_time > now() FROM jobs WHERE job_id = $1", job_id
        ):
            pass
        floor = await sql.fetchval("SELECT floor FROM partition_floor")
        first = await sql.fetchval("SELECT min(scheduled_time) FROM executions WHERE job_id = $1", job_id)
        assert floor <= first < floor + timedelta(days=1)
        assert month not in await months(sql)


async def test_without_the_maintenance_role_months_stay(
    database: TestDatabase, units: Database, leader: Leader
) -> None:
    async with database.owner() as sql:
        month = await old_month(sql)
        assert await Expirer(units, leader.term, PERIODS, None).expire_months(datetime.now(UTC)) == 0
        assert month in await months(sql)
        assert await sql.fetchval("SELECT floor = '-infinity' FROM partition_floor")


async def test_finished_one_time_jobs_go_but_not_while_a_dead_letter_is_open(
    database: TestDatabase, expirer: Expirer
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=31)
    past = {"next_run_time": None, "updated_at": long_ago, "last_run_time": long_ago}
    async with database.owner() as sql:
        gone = [
            await insert_job(sql, schedule="immediate", status="COMPLETED", **past),
            await insert_job(sql, schedule="2026-01-01T00:00:00Z", status="FAILED", **past),
            await insert_job(sql, schedule=None, status="CANCELLED", **past),
            await insert_job(sql, schedule=None, status="CANCELLED", deleted_at=long_ago, **past),
        ]
        kept = [
            await insert_job(
                sql, schedule="immediate", status="COMPLETED", **(past | {"last_run_time": datetime.now(UTC)})
            ),
            await insert_job(sql, schedule="@daily", status="COMPLETED", **past),
            await insert_job(sql, schedule="immediate", status="PAUSED", **past),
            await insert_job(
                sql, schedule=None, status="CANCELLED", deleted_at=datetime.now(UTC), **past
            ),  # restorable
            await insert_job(sql, schedule="immediate", status="FAILED", **past),
        ]
        await sql.execute(
            """INSERT INTO dead_letters (execution_id, scheduled_time, job_id, user_id, attempt_number, status, fingerprint)
               VALUES (9, now(), $1, 1, 1, 'FAILED', 'x')""",
            kept[-1],
        )
        await sql.execute(
            "INSERT INTO job_versions (job_id, version, status, definition) SELECT job_id, 1, status, '{}' FROM jobs"
        )
        assert not await expirer.remove_rows(datetime.now(UTC))
        assert [row[0] for row in await sql.fetch("SELECT job_id FROM jobs ORDER BY 1")] == sorted(kept)
        for table in ("job_versions", "listed_jobs"):  # what hung on a job went with it
            assert [row[0] for row in await sql.fetch(f"SELECT job_id FROM {table} ORDER BY 1")] == sorted(kept)
        await sql.execute("UPDATE dead_letters SET closed_at = now()")
        await expirer.remove_rows(datetime.now(UTC))
        left = [row[0] for row in await sql.fetch("SELECT job_id FROM jobs")]
    assert kept[-1] not in left
    assert not set(gone) & set(left)


async def test_replaced_versions_go_and_the_first_row_of_one_stays_with_the_others(
    database: TestDatabase, expirer: Expirer
) -> None:
    """Which rows there are: (job, version, months ago when it began, when it ended)."""
    rows = [
        (1, 1, 40, 30, False),
        (1, 2, 30, 29, True),  # who made version 2, of which the last row is in force
        (1, 2, 29, 26, False),  # a pause
        (1, 2, 26, None, True),
        (2, 1, 40, 20, True),
        (3, 1, 40, 30, False),
        (3, 1, 30, 26, False),
        (3, 2, 26, None, True),
    ]
    async with database.owner() as sql:
        await sql.executemany(
            """INSERT INTO job_versions (job_id, version, status, definition, valid_from, valid_to)
               VALUES ($1, $2, 'PENDING', '{}', now() - $3 * interval '1 month', now() - $4 * interval '1 month')""",
            [row[:4] for row in rows],
        )
        while await expirer.remove_rows(datetime.now(UTC)):
            pass
        await expirer.remove_rows(datetime.now(UTC))
        left = await sql.fetch("SELECT job_id, version, valid_from, valid_to FROM job_versions ORDER BY 1, 3")
        now = datetime.now(UTC)
        found = [(row[0], row[1], round((now - row[2]).days / 30.44), row[3] is None) for row in left]
    assert found == [(job, version, began, ended is None) for job, version, began, ended, stays in rows if stays]


async def test_rows_go_in_small_batches(database: TestDatabase, expirer: Expirer) -> None:
    async with database.owner() as sql:
        await sql.execute(
            f"""INSERT INTO idempotency_keys (user_id, method, path, key, request_hash, status, body, created_at)
                SELECT 1, 'POST', '/v1/jobs', g::text, '', 201, '', now() - interval '25 hours'
                FROM generate_series(1, {ROWS_PER_BATCH + 1}) g"""
        )
        await sql.execute("UPDATE idempotency_keys SET created_at = now() WHERE key = '1'")
        assert await expirer.remove_rows(datetime.now(UTC))
        assert not await expirer.remove_rows(datetime.now(UTC))
        assert [row[0] for row in await sql.fetch("SELECT key FROM idempotency_keys")] == ["1"]


async def test_operations_go_with_their_rows_once_they_have_ended(database: TestDatabase, expirer: Expirer) -> None:
    async with database.owner() as sql:
        await sql.execute(
            """INSERT INTO operations (operation_id, user_id, key_id, action, matched, request_id, created_at, ended_at)
               SELECT g, 1, 1, 'pause', 1, 'x', now() - CASE WHEN g < 3 THEN interval '31 days' ELSE '29 days' END,
                   CASE WHEN g > 1 THEN now() END FROM generate_series(1, 3) g;
               INSERT INTO operation_rows (operation_id, index) SELECT g, 0 FROM generate_series(1, 3) g"""
        )
        await expirer.remove_rows(datetime.now(UTC))
        assert [row[0] for row in await sql.fetch("SELECT operation_id FROM operation_rows ORDER BY 1")] == [1, 3]


async def test_dead_letters_are_closed_and_then_removed_when_their_copy_is_gone(
    database: TestDatabase, expirer: Expirer
) -> None:
    async with database.owner() as sql:
        await sql.execute(
            """INSERT INTO dead_letters (execution_id, scheduled_time, job_id, user_id, attempt_number, status, fingerprint, dead_at,
                   sent_at)
               SELECT n, now(), 1, 1, 1, 'FAILED', 'x', now() - n * interval '1 day', now() FROM unnest(ARRAY[89, 91]) n"""
        )
        await expirer.remove_rows(datetime.now(UTC))
        rows = await sql.fetch("SELECT execution_id, closed_by FROM dead_letters ORDER BY 1")
        assert [tuple(row) for row in rows] == [(89, None), (91, "expired")]
        await sql.execute("UPDATE dead_letters SET removed_at = now() WHERE closed_at IS NOT NULL")
        await expirer.remove_rows(datetime.now(UTC))
        assert await sql.fetchval("SELECT array_agg(execution_id) FROM dead_letters") == [89]


async def test_the_history_of_terms_is_bounded(database: TestDatabase, expirer: Expirer) -> None:
    async with database.owner() as sql:
        await sql.execute(
            f"""INSERT INTO leader_terms (term, scheduler_id, czxid, ensemble_id)
                SELECT g, 's', g, 'e' FROM generate_series(2, {TERMS_KEPT + 10}) g"""
        )
        await expirer.remove_rows(datetime.now(UTC))
        assert await sql.fetchval("SELECT count(*) FROM leader_terms") == TERMS_KEPT
