"""Jobs by the million, made by the server itself."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

_JOBS = """
INSERT INTO jobs (user_id, team_id, job_name, job_type, schedule, schedule_since, next_run_time, payload, retry_policy)
SELECT g % 1000 + 1, CASE WHEN g % 4 = 0 THEN NULL ELSE g % 200 + 1 END, 'report of customer ' || g, 'noop', '@every 1s',
    date_trunc('month', now()), date_trunc('month', now()) + random() * interval '1 second' + $2::interval,
    jsonb_build_object('url', 'https://hooks.example.com/customers/' || g, 'method', 'POST',
        'headers', jsonb_build_object('X-Customer', g::text), 'body', jsonb_build_object('n', g, 'kind', 'daily report')),
    '{"max_retries": 3, "backoff_factor": 3}'
FROM generate_series(1, $1::int) g"""


async def fill_jobs(sql: asyncpg.Connection[asyncpg.Record], jobs: int, later: timedelta = timedelta()) -> None:
    """`jobs` jobs whose next_run_times lie within one second of the month's first, moved on by `later`, in
    an order that is not the table's."""
    await sql.execute(_JOBS, jobs, later)
    await sql.execute("VACUUM ANALYZE jobs")
    await sql.execute("CHECKPOINT")
