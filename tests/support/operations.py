"""Jobs for an operation over many of them, and what it must have done to each."""

from __future__ import annotations

from support.ledger import Sql


async def insert_jobs(sql: Sql, count: int, label: str = "") -> None:
    """With the versions that their creation would have written."""
    await sql.execute(
        """WITH made AS (
               INSERT INTO jobs (user_id, job_name, job_type, schedule, payload, next_run_time, labels)
               SELECT 1, 'of many ' || g, 'script', '0 3 1 1 *', '{"script": "true"}', now() + INTERVAL '30 days',
                   jsonb_build_object('of', $2::text)
               FROM generate_series(1, $1::int) g RETURNING job_id)
           INSERT INTO job_versions (job_id, version, status, definition) SELECT job_id, 1, 'PENDING', '{}' FROM made""",
        count, label,
    )  # fmt: skip


async def rows_that_are_wrong(sql: Sql, status: str, action: str, label: str = "") -> int:
    """Jobs that are not in this status by exactly one audited change, with one version that ended and one open."""
    wrong: int = await sql.fetchval(
        """SELECT count(*) FROM jobs j WHERE labels @> jsonb_build_object('of', $3::text) AND (status <> $1
               OR (SELECT count(*) FROM audit_logs a WHERE a.resource_id = j.job_id AND a.action = $2) <> 1
               OR (SELECT count(*) FROM job_versions v WHERE v.job_id = j.job_id AND v.valid_to IS NULL AND v.status = $1) <> 1
               OR (SELECT count(*) FROM job_versions v WHERE v.job_id = j.job_id) <> 2)""",
        status, action, label,
    )  # fmt: skip
    return wrong
