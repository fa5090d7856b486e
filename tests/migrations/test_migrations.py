"""The migrations: ordered, checksummed, each once, and what they make is what sql/schema.txt shows."""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from cluster.servers import Servers
from foliot.api.queries.unit import Unit
from foliot.common.errors import SchemaUnknown
from foliot.common.ledger.database import Database
from foliot.common.ledger.schema import GUARDS, SCHEMA_VERSION, check_schema, why_not_ready
from foliot.common.migrate import MigrationError, migrate, read_migrations
from support.databases import TestDatabase
from support.snapshot import snapshot

SQL = Path(__file__).parents[2] / "sql"


@pytest.fixture
async def empty(servers: Servers) -> str:
    """The URL of a database without any schema."""
    name = f"empty_{os.urandom(4).hex()}"
    owner = await asyncpg.connect(servers.database_url)
    await owner.execute(f"CREATE DATABASE {name}")
    await owner.close()
    return servers.database_url.rsplit("/", 1)[0] + f"/{name}"


def test_services_know_the_newest_migration() -> None:
    assert read_migrations(SQL / "migrations")[-1].version == SCHEMA_VERSION


async def test_a_second_run_applies_nothing(empty: str) -> None:
    first = await migrate(empty, SQL / "migrations")
    assert [m.version for m in first] == list(range(1, SCHEMA_VERSION + 1))
    assert await migrate(empty, SQL / "migrations") == []


async def test_two_runs_at_once_apply_each_once(empty: str) -> None:
    applied = await asyncio.gather(*(migrate(empty, SQL / "migrations") for _ in range(2)))
    assert sorted(len(done) for done in applied) == [0, SCHEMA_VERSION]


async def test_a_failing_migration_leaves_no_trace(empty: str, tmp_path: Path) -> None:
    shutil.copytree(SQL, tmp_path / "sql")
    bad = tmp_path / "sql" / "migrations" / f"{SCHEMA_VERSION + 1:04}_bad.sql"
    bad.write_text("CREATE TABLE half_done (n INT); SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty, bad.parent)
    connection = await asyncpg.connect(empty)
    assert await connection.fetchval("SELECT to_regclass('half_done')") is None
    assert await connection.fetchval("SELECT max(version) FROM schema_migrations") == SCHEMA_VERSION
    await connection.close()


async def test_a_changed_file_is_refused(empty: str, tmp_path: Path) -> None:
    shutil.copytree(SQL, tmp_path / "sql")
    await migrate(empty, tmp_path / "sql" / "migrations")
    path = tmp_path / "sql" / "migrations" / "0001_jobs.sql"
    path.write_text(path.read_text() + "\n-- one more line\n")
    with pytest.raises(MigrationError, match="0001 jobs was changed"):
        await migrate(empty, path.parent)


def test_a_hole_in_the_numbers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0002_two.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="not numbered"):
        read_migrations(tmp_path)


async def test_snapshot_is_fresh(database: TestDatabase) -> None:
    """sql/schema.txt shows what the migrations make; `make snapshot` writes it again."""
    async with database.owner() as connection:
        made = await snapshot(connection)
    if os.environ.get("FOLIOT_WRITE_SNAPSHOT"):
        (SQL / "schema.txt").write_text(made)
    assert (SQL / "schema.txt").read_text() == made


async def test_services_refuse_a_schema_they_do_not_know(database: TestDatabase) -> None:
    async with Database(database.url("api"), Unit, size=1, name="schema") as units:
        async with units.session() as unit:
            await check_schema(unit.session)
        async with database.owner() as sql:
            await sql.execute("DELETE FROM schema_migrations WHERE version = $1", SCHEMA_VERSION)
        with pytest.raises(SchemaUnknown, match=r"python -m foliot\.common\.migrate"):
            async with units.session() as unit:
                await check_schema(unit.session)


@pytest.mark.parametrize(
    ("guard", "drop"),
    [
        ("idx_jobs_job_key", "DROP INDEX idx_jobs_job_key"),
        ("executions_ledger", "ALTER TABLE executions DROP CONSTRAINT executions_ledger"),
    ],
)
async def test_services_are_not_ready_without_an_index_that_keeps_a_promise(
    database: TestDatabase, guard: str, drop: str
) -> None:
    """Its absence lets two jobs have one job_key, or a tick two rows, and nothing else would notice."""
    assert guard in GUARDS
    async with Database(database.url("api"), Unit, size=1, name="schema") as units:
        assert await why_not_ready(units, asyncio.Event()) is None
        async with database.owner() as sql:
            await sql.execute(drop)
        assert guard in (await why_not_ready(units, asyncio.Event()) or "")


async def test_months_are_there_ahead_and_made_once(database: TestDatabase) -> None:
    now = datetime.now(UTC)
    async with database.owner() as sql:
        for moment in (now - timedelta(days=28), now, now + timedelta(days=59)):
            await sql.execute(
                "INSERT INTO executions (job_id, status, scheduled_time) VALUES (1, 'SKIPPED', $1)", moment
            )
        year = await sql.fetchval("SELECT ensure_partitions('executions', now(), now() + interval '1 year')")
        again = await sql.fetchval("SELECT ensure_partitions('executions', now(), now() + interval '1 year')")
    assert (year, again) == (10, 0)


async def test_a_month_that_is_missing_is_an_error_and_no_default_takes_it(database: TestDatabase) -> None:
    async with database.owner() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="no partition"):
            await sql.execute(
                "INSERT INTO executions (job_id, status, scheduled_time) VALUES (1, 'SKIPPED', '2001-01-01Z')"
            )


async def test_audit_logs_take_inserts_only(database: TestDatabase) -> None:
    async with database.owner() as sql:
        await sql.execute("INSERT INTO audit_logs (user_id, action) VALUES (1, 'CREATE_JOB')")
        for change in ("UPDATE audit_logs SET user_id = 2", "DELETE FROM audit_logs", "TRUNCATE audit_logs"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await sql.execute(change)


async def test_the_ledger_takes_a_tick_once(database: TestDatabase) -> None:
    async with database.owner() as sql:
        insert = (
            "INSERT INTO executions (job_id, status, scheduled_time) VALUES (1, 'QUEUED', date_trunc('hour', now()))"
        )
        await sql.execute(insert)
        with pytest.raises(asyncpg.UniqueViolationError, match="job_id_scheduled_time_attempt_number"):
            await sql.execute(insert)


@pytest.mark.parametrize(
    ("service", "statement"),
    [
        ("api", "DELETE FROM jobs"),
        ("api", "UPDATE leader SET term = 9"),
        ("scheduler", "DELETE FROM executions"),
        ("scheduler", "SELECT key_hash FROM api_keys"),
        ("worker", "DELETE FROM jobs"),
        ("worker", "INSERT INTO jobs (user_id, job_name, job_type, payload) VALUES (1, 'x', 'script', '{}')"),
        ("worker", "SELECT key_hash FROM api_keys"),
        ("worker", "UPDATE leader SET term = 9"),
    ],
)
async def test_each_service_may_do_no_more_than_it_must(database: TestDatabase, service: str, statement: str) -> None:
    connection = await asyncpg.connect(database.url(service))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
    await connection.close()
