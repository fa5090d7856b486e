"""Plans: the draft's queries and the hot path's statements use their indexes, whatever the size."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from foliot.api.queries import history
from foliot.common.ledger import claim
from foliot.common.ledger import plan as planning
from support.databases import TestDatabase


@pytest.fixture(scope="module")
async def filled(module_database: TestDatabase) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """20,000 jobs of which 20 are due, and 10 executions of each."""
    async with module_database.owner() as sql:
        await sql.execute(
            """INSERT INTO jobs (user_id, job_name, job_type, schedule, next_run_time, payload)
               SELECT g % 50, 'job ' || g, 'script', '@every 1h', now() + (g - 20) * interval '1 minute', '{}'
               FROM generate_series(1, 20000) g"""
        )
        await sql.execute(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time, start_time, end_time, available_at)
               SELECT job_id, user_id, 'COMPLETED', date_trunc('hour', now()) - n * interval '1 hour', now(), now(), now()
               FROM jobs, generate_series(1, 10) n"""
        )
        await sql.execute(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time, start_time, end_time, available_at)
               SELECT 17, 1, 'COMPLETED', now() - n * interval '1 second', now(), now(), now()
               FROM generate_series(1, 5000) n"""
        )
        await sql.execute("VACUUM ANALYZE jobs, executions")
        yield sql


async def fullest(sql: asyncpg.Connection[asyncpg.Record]) -> str:
    """The month that holds the rows."""
    name: str = await sql.fetchval(
        "SELECT tableoid::regclass::text FROM executions GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    )
    return name


async def plan(sql: asyncpg.Connection[asyncpg.Record], query: str) -> str:
    return "\n".join(row[0] for row in await sql.fetch(f"EXPLAIN {query}"))


async def test_seed_due_jobs(filled: asyncpg.Connection[asyncpg.Record]) -> None:
    text = await plan(filled, "SELECT * FROM jobs WHERE next_run_time <= NOW() AND status = 'PENDING'")
    assert "idx_jobs_next_run_time" in text
    assert "Seq Scan" not in text


async def test_seed_history_of_a_job(filled: asyncpg.Connection[asyncpg.Record]) -> None:
    text = await plan(
        filled,
        "SELECT execution_id, status, start_time, duration_ms, error_message FROM executions "
        "WHERE job_id = 12345 ORDER BY start_time DESC LIMIT 10",
    )
    assert "job_id_scheduled_time_attempt_number" in text
    assert f"Seq Scan on {await fullest(filled)}" not in text


async def test_select_pending_jobs(filled: asyncpg.Connection[asyncpg.Record]) -> None:
    text = await plan(
        filled,
        planning.SQL.select_pending_jobs.sql.replace("$1", "500")
        .replace("$2", "600")
        .replace("$3", "interval '25 ms'"),
    )
    assert text.count("Index Scan using idx_jobs_next_run_time") == 2
    assert "next_run_time" not in "".join(line for line in text.splitlines() if "Sort Key" in line)


async def test_list_of_a_jobs_executions_needs_no_sort(filled: asyncpg.Connection[asyncpg.Record]) -> None:
    sql = history.SQL.list_by_job.sql
    for place, value in [("$1", "17"), ("$2", "now()"), ("$3", "1"), ("$4", "51")]:
        sql = sql.replace(place, value)
    text = await plan(filled, sql)
    assert "job_id_scheduled_time_attempt_number" in text
    assert f"Index Scan Backward using {await fullest(filled)}_job_id" in text, text
    assert "->  Sort" not in text, text


@pytest.mark.parametrize("name", ["claim_executions", "record_executions"])
async def test_batches_of_the_hot_path_read_one_month_by_key(
    filled: asyncpg.Connection[asyncpg.Record], module_database: TestDatabase, name: str
) -> None:
    """500 rows of the current month: found by primary key, no scan of a table, no other month."""
    rows = await filled.fetch(
        "SELECT execution_id, scheduled_time FROM executions WHERE scheduled_time > now() - interval '1 hour' LIMIT 500"
    )
    times = [row["scheduled_time"] for row in rows]
    ids = [row["execution_id"] for row in rows]
    count = len(ids)
    arguments: dict[str, list[object]] = {
        "claim_executions": [ids, times, "w", 1, 30.0, False],
        "record_executions": [
            ids, times, ["COMPLETED"] * count, [0] * count, [None] * count, [None] * count, [None] * count, 1, [0.0] * count, True,
        ],
    }  # fmt: skip
    living = (
        "INSERT INTO workers (claim, worker_id, pools, slots) VALUES (1, 'w', '{default}', 1) ON CONFLICT DO NOTHING"
    )
    await filled.execute(living)
    worker = await asyncpg.connect(module_database.url("worker"))
    try:
        transaction = worker.transaction()
        await transaction.start()
        statement = getattr(claim.SQL, name).sql
        explained = await worker.fetch(f"EXPLAIN (ANALYZE, TIMING off) {statement}", *arguments[name])
        await transaction.rollback()
    finally:
        await worker.close()
    text = "\n".join(row[0] for row in explained)
    assert "Seq Scan" not in text, text
    assert "Hash" not in text, text
    scans = [line for line in text.splitlines() if "Scan using executions_" in line and "never executed" not in line]
    assert len(scans) == 1, text
    assert "_pkey" in scans[0], text
    assert f"loops={count}" in scans[0], text


@pytest.mark.parametrize("name", ["list_ticks", "select_last_tick"])
async def test_a_timeline_reads_one_jobs_rows_of_its_range_by_the_ledgers_key(
    filled: asyncpg.Connection[asyncpg.Record], name: str
) -> None:
    """Of a job with 5,000 rows in the fullest month no more than those of the range, and no other job's."""
    now = await filled.fetchval("SELECT now()")
    first = now - timedelta(minutes=30)
    arguments = [17, first, now, 1_001] if name == "list_ticks" else [17, first]
    lines = await filled.fetch(f"EXPLAIN (ANALYZE) {getattr(history.SQL, name).sql}", *arguments)
    text = "\n".join(row[0] for row in lines)
    assert "job_id_scheduled_time_attempt_number" in text, text
    assert f"Seq Scan on {await fullest(filled)}" not in text, text
    assert max(int(n) for n in re.findall(r"actual time=\S+ rows=(\d+)", text)) <= 1_800, text
