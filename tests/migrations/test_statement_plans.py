"""Every statement reads little of big tables, with a generic plan and with a custom one."""

from __future__ import annotations

import re

import asyncpg
import pytest

from foliot.common.ledger import claim
from foliot.common.ledger.statements import Statements, of_month
from integration.ledger.test_statements import MODULES
from migrations.plan_cases import CASES, EXEMPT, KEYS, Facts
from support.databases import TestDatabase
from support.ledger import Sql
from support.plans import read

STATEMENTS: dict[str, str] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": getattr(module.SQL, name).sql
    for module in MODULES
    if isinstance(module.SQL, Statements)
    for name in module.SQL.names()
}

_FILL = """
INSERT INTO jobs (user_id, team_id, job_name, job_type, schedule, next_run_time, payload, open_since, created_at)
SELECT g % 50 + 1, CASE WHEN g % 4 = 0 THEN NULL ELSE g % 40 + 1 END, 'job ' || g, 'script', '@every 1h',
    now() + (g - 1000) * interval '1 minute', '{}', date_trunc('hour', now()), now() - g * interval '1 s'
FROM generate_series(1, 20000) g;
INSERT INTO job_versions (job_id, version, status, definition) SELECT job_id, 1, 'PENDING', '{}' FROM jobs;
INSERT INTO executions (job_id, user_id, status, scheduled_time, start_time, end_time, available_at, claim, dispatched_at)
SELECT job_id, user_id, 'COMPLETED', date_trunc('hour', now()) - n * interval '1 hour', now(), now(), now(), 1, now()
FROM jobs, generate_series(1, 10) n;
INSERT INTO executions (job_id, user_id, status, scheduled_time, start_time, end_time, available_at)
SELECT 17, 1, 'COMPLETED', now() - n * interval '1 second', now(), now(), now() FROM generate_series(1, 5000) n;
INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at, dispatched_at, claim, lease_until)
SELECT 2000 + g, 1, CASE WHEN g <= 200 THEN 'RUNNING' ELSE 'QUEUED' END, date_trunc('hour', now()),
    CASE WHEN g <= 500 THEN now() END, CASE WHEN g <= 400 THEN now() END, CASE WHEN g <= 200 THEN 1 END,
    CASE WHEN g <= 200 THEN now() - interval '1 s' END
FROM generate_series(1, 510) g;
INSERT INTO jobs (user_id, job_name, job_type, schedule, payload, status, updated_at, last_run_time)
SELECT 1, 'done ' || g, 'script', 'immediate', '{}', 'COMPLETED', now() - g * interval '1 minute', now() - g * interval '1 minute'
FROM generate_series(1, 60000) g;
INSERT INTO dead_letters (execution_id, scheduled_time, job_id, user_id, team_id, attempt_number, status, fingerprint, dead_at,
    closed_at, sent_at)
SELECT g, now(), g % 1000, g % 50 + 1, g % 40 + 1, 4, 'FAILED', g % 100, now() - g * interval '10 minutes',
    CASE WHEN g % 10 > 0 THEN now() END, CASE WHEN g % 5 > 0 THEN now() END FROM generate_series(1, 20000) g;
INSERT INTO audit_logs (user_id, team_id, action, created_at)
SELECT g % 50, g % 40 + 1, 'CREATE_JOB', now() - g * interval '10 seconds' FROM generate_series(1, 50000) g;
INSERT INTO operations (user_id, key_id, action, matched, request_id, ended_at)
SELECT g % 50, 1, 'pause', 1000, 'x', CASE WHEN g > 3 THEN now() END FROM generate_series(1, 5000) g;
INSERT INTO operation_rows (operation_id, index, job_id)
SELECT CASE WHEN g < 20000 THEN 1 ELSE 2 END, g, g FROM generate_series(100, 40000) g;
INSERT INTO idempotency_keys (user_id, method, path, key, request_hash, status, body, created_at)
SELECT 1, 'POST', '/v1/jobs', g::text, '', 201, repeat('x', 200), now() - g * interval '3 seconds' FROM generate_series(1, 50000) g;
INSERT INTO workers (claim, worker_id, pools, slots) VALUES (1, 'w', '{default}', 1);
INSERT INTO leader_terms (term, scheduler_id, czxid, ensemble_id) SELECT g, 's', g, 'e' FROM generate_series(1, 20000) g;
"""


@pytest.fixture(scope="module")
async def facts(module_database: TestDatabase) -> Facts:
    """80,000 jobs, 205,000 ended executions, 510 open ones, and some of everything else."""
    async with module_database.owner() as sql:
        await sql.execute(_FILL)
        await sql.execute("VACUUM ANALYZE")
        await sql.execute("ANALYZE jobs, executions, audit_logs")
        jobs = await sql.fetch("SELECT job_id, xmin, ctid FROM jobs WHERE job_id BETWEEN 2190 AND 2209 ORDER BY 1")
        return Facts(
            ended=await _attempts(sql, "status = 'COMPLETED' AND job_id > 18000"),
            queued=await _attempts(sql, "status = 'QUEUED' AND available_at IS NOT NULL"),
            running=await _attempts(sql, "status = 'RUNNING'"),
            waiting=await _attempts(sql, "status = 'QUEUED' AND available_at IS NULL"),
            jobs=[row[0] for row in jobs],
            xmins=[row[1] for row in jobs],
            places=[row[2] for row in jobs],
            letters=[tuple(row) for row in await sql.fetch(
                f"SELECT execution_id, scheduled_time FROM dead_letters WHERE closed_at IS NULL LIMIT {KEYS}")],
            row=dict(await sql.fetchrow("SELECT * FROM jobs WHERE job_id = 2190")),
        )  # fmt: skip


async def _attempts(sql: Sql, where: str) -> list[tuple[int, object, int]]:
    rows = await sql.fetch(f"SELECT execution_id, scheduled_time, job_id FROM executions WHERE {where} LIMIT {KEYS}")
    return [tuple(row) for row in rows]


def test_every_statement_has_a_plan_test_or_a_reason() -> None:
    assert set(CASES) | set(EXEMPT) == set(STATEMENTS)
    assert not set(CASES) & set(EXEMPT)


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("name", sorted(CASES))
async def test_reads_little(module_database: TestDatabase, facts: Facts, name: str, mode: str) -> None:
    case = CASES[name]
    connection = await asyncpg.connect(module_database.url(case.role))
    try:
        reading = await read(connection, STATEMENTS[name], case.arguments(facts), mode)
    finally:
        await connection.close()
    assert reading.pages <= case.pages, f"{reading.pages} pages, {reading.rows} rows\n{reading.plan}"


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("name", ["claim_executions", "record_executions"])
async def test_reads_little_of_its_month(module_database: TestDatabase, facts: Facts, name: str, mode: str) -> None:
    """As workers run it: of one month alone, and no other is opened."""
    case = CASES[f"claim.{name}"]
    arguments = case.arguments(facts)
    statement = of_month(getattr(claim.SQL, name), min(arguments[1]), max(arguments[1]))
    connection = await asyncpg.connect(module_database.url(case.role))
    try:
        reading = await read(connection, statement.sql, arguments, mode)
    finally:
        await connection.close()
    assert reading.pages <= case.pages, f"{reading.pages} pages, {reading.rows} rows\n{reading.plan}"
    assert set(re.findall(r"executions_\d{4}_\d\d\b(?!_)", str(reading.plan))) == {
        f"executions_{arguments[1][0]:%Y_%m}"
    }


async def test_a_scan_of_a_big_table_would_be_noticed(module_database: TestDatabase, facts: Facts) -> None:
    async with module_database.owner() as sql:
        for query in ("SELECT count(*) FROM jobs WHERE job_name = 'x'", "SELECT count(*) FROM executions WHERE worker_id = 'x'",
                      "SELECT count(*) FROM idempotency_keys WHERE body = 'x'"):  # fmt: skip
            assert (await read(sql, query, [], "auto")).pages > 300
