"""Jobs of a benchmark, written by the owner with one INSERT, and the checks of what became of them."""

from __future__ import annotations

import asyncio
from typing import TypeAlias

import asyncpg

from cluster.errors import ClusterError

Sql: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

GRACE = 86_400
"""A backlog is what throughput is measured with; it is no misfire."""

_ONE_TIME = """
INSERT INTO jobs (user_id, job_name, job_type, payload, schedule, next_run_time, misfire_grace_seconds)
SELECT 1, 'bench ' || n, $1, $2::jsonb, to_char(due AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), due, $6
FROM generate_series(1, $3::int) n, LATERAL (SELECT $4::timestamptz + (n - 1) * $5::interval / $3::int) d (due)"""

_RECURRING = """
INSERT INTO jobs (user_id, job_name, job_type, payload, schedule, schedule_since, next_run_time, misfire_grace_seconds,
    end_at)
SELECT 1, 'bench ' || n, 'noop', '{}', '@every ' || $1::int || 's', due - make_interval(secs => $1::int), due, $4,
    $3::timestamptz + make_interval(secs => $5::float8) - interval '1 microsecond'
FROM generate_series(1, $2::int) n,
     LATERAL (SELECT $3::timestamptz + (n - 1) * make_interval(secs => $1::int) / $2::int) d (due)"""

_BACKGROUND = """
INSERT INTO jobs (user_id, job_name, job_type, payload, schedule, next_run_time)
SELECT 2, 'other ' || n, 'http_request', '{"url": "http://127.0.0.1/"}', '@daily',
       now() + interval '1 day' + n * interval '1 day' / $1::int
FROM generate_series(1, $1::int) n"""


async def in_seconds(sql: Sql, seconds: float) -> object:
    """A moment by the database's clock."""
    return await sql.fetchval("SELECT clock_timestamp() + make_interval(secs => $1)", seconds)


async def insert_one_time(
    sql: Sql, count: int, due: object, spread: float, job_type: str = "noop", payload: str = "{}"
) -> None:
    """`count` jobs that run once, due within `spread` seconds from `due` on, evenly."""
    interval = await sql.fetchval("SELECT make_interval(secs => $1)", spread)
    await sql.execute(_ONE_TIME, job_type, payload, count, due, interval, GRACE, timeout=600)


async def insert_recurring(sql: Sql, rate: int, period: int, due: object, seconds: float | None = None) -> None:
    """rate x period jobs `@every period s`, their phases spread evenly: `rate` ticks a second from `due` on,
    for ever or for `seconds`."""
    await sql.execute(_RECURRING, period, rate * period, due, GRACE, seconds, timeout=600)


async def insert_background(sql: Sql, count: int) -> None:
    """Jobs of others, none of them due within a day."""
    if count:
        await sql.execute(_BACKGROUND, count, timeout=600)


async def settle(sql: Sql) -> None:
    """As after a while of rest: statistics, visibility, no dirty pages."""
    await sql.execute("VACUUM (ANALYZE) jobs", timeout=600)
    await sql.execute("CHECKPOINT", timeout=600)


async def until(sql: Sql, due: object) -> None:
    """Sleeps until `due`; ClusterError if that has passed."""
    left = await sql.fetchval("SELECT extract(epoch FROM $1 - clock_timestamp())::float8", due)
    if left <= 0:
        raise ClusterError("the jobs were due before they were loaded: this machine is too busy to measure on")
    await asyncio.sleep(left)


async def remove(sql: Sql) -> None:
    """The benchmark's own jobs and all executions, when nothing is open. Analyzed before, so that autovacuum does not
    come when the table is empty: plans made then would walk it."""
    await sql.execute("ANALYZE executions", timeout=60)
    await sql.execute("TRUNCATE executions", timeout=60)
    await sql.execute("DELETE FROM jobs WHERE user_id = 1", timeout=600)


async def pause_recurring(sql: Sql) -> None:
    """No further tick is planned; what was planned goes on."""
    await sql.execute(
        """UPDATE jobs SET status = 'PAUSED', paused_run_time = next_run_time, next_run_time = NULL, version = version + 1
           WHERE status = 'PENDING' AND next_run_time IS NOT NULL AND user_id = 1""",
        timeout=600,
    )


_STATUSES = "SELECT status, count(*) FROM executions GROUP BY status ORDER BY status"
_DOUBLE = """
SELECT count(*) FROM (
    SELECT FROM executions GROUP BY job_id, scheduled_time HAVING count(*) <> 1 OR min(attempt_number) <> 1) d"""
_HOLES = """
SELECT count(*) FROM jobs j LEFT JOIN (
    SELECT job_id, count(*) AS runs, min(scheduled_time) AS first, max(scheduled_time) AS last FROM executions GROUP BY job_id
    ) e USING (job_id)
WHERE j.user_id = 1 AND (
    COALESCE(e.runs, 0) <> round(extract(epoch FROM j.paused_run_time - j.schedule_since) / $1) - 1
    OR e.last - e.first <> make_interval(secs => (e.runs - 1) * $1))"""


async def check_one_time(sql: Sql, count: int) -> list[str]:
    """Each of `count` jobs has one execution, COMPLETED at the first attempt, and is COMPLETED itself."""
    problems = await _check_runs(sql, count)
    unfinished = await sql.fetchval(
        "SELECT count(*) FROM jobs WHERE user_id = 1 AND status <> 'COMPLETED'", timeout=600
    )
    return problems + ([f"{unfinished} jobs are not COMPLETED"] if unfinished else [])


async def check_recurring(sql: Sql, period: int) -> list[str]:
    """Each paused job has one execution for each tick before the one that it would fire next, all COMPLETED."""
    problems = await _check_runs(sql, None)
    holes = await sql.fetchval(_HOLES, float(period), timeout=600)
    return problems + ([f"{holes} jobs have ticks without an execution"] if holes else [])


async def _check_runs(sql: Sql, count: int | None) -> list[str]:
    statuses = {row["status"]: row["count"] for row in await sql.fetch(_STATUSES, timeout=600)}
    completed = statuses.pop("COMPLETED", 0)
    problems = [f"{number} executions are {status}" for status, number in statuses.items()]
    if count is not None and completed != count:
        problems.append(f"{completed} executions of {count} are COMPLETED")
    if double := await sql.fetchval(_DOUBLE, timeout=600):
        problems.append(f"{double} runs have more than their first attempt")
    if silent := await sql.fetchval(
        "SELECT count(*) FROM executions WHERE status = 'COMPLETED' AND start_time IS NULL"
    ):
        problems.append(f"{silent} executions ended without a start")
    return problems
