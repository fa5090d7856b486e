"""PostgreSQL's clock in a test's hands: now(), statement_timestamp() and clock_timestamp() of Foliot's statements stand
still until moved.

A schema before pg_catalog on the services' search_path; the product's code is as it is. clock_timestamp() moves on by
a microsecond a call, so that no two calls see the same instant.
"""

from __future__ import annotations

from datetime import datetime

import asyncpg

from support.databases import TestDatabase

_SETUP = """
CREATE SCHEMA pinned;
CREATE TABLE pinned.clock (at TIMESTAMPTZ NOT NULL);
CREATE SEQUENCE pinned.calls;
CREATE FUNCTION pinned.clock_timestamp() RETURNS TIMESTAMPTZ LANGUAGE sql VOLATILE SECURITY DEFINER AS
    $$ SELECT at + nextval('pinned.calls') * INTERVAL '1 microsecond' FROM pinned.clock $$;
CREATE FUNCTION pinned.now() RETURNS TIMESTAMPTZ LANGUAGE sql STABLE SECURITY DEFINER AS
    $$ SELECT at + (SELECT last_value FROM pinned.calls) * INTERVAL '1 microsecond' FROM pinned.clock $$;
CREATE FUNCTION pinned.statement_timestamp() RETURNS TIMESTAMPTZ LANGUAGE sql STABLE AS $$ SELECT pinned.now() $$;
GRANT USAGE ON SCHEMA pinned TO PUBLIC;
ALTER TABLE executions ALTER COLUMN created_at SET DEFAULT pinned.now();
"""


async def pin_time(database: TestDatabase, at: datetime) -> None:
    """For the connections of the services that are opened from now on, and with the months around `at`."""
    async with database.owner() as sql:
        await sql.execute(_SETUP)
        await sql.execute("INSERT INTO pinned.clock VALUES ($1)", at)
        name = await sql.fetchval("SELECT current_database()")
        for service in ("api", "scheduler", "worker"):
            await sql.execute(
                f"ALTER ROLE foliot_{service} IN DATABASE {name} SET search_path = pinned, pg_catalog, public"
            )
        await sql.fetchval(
            "SELECT ensure_partitions('executions', $1::timestamptz - interval '1 day', $1::timestamptz + interval '62 days')",
            at,
        )


async def set_time(sql: asyncpg.Connection[asyncpg.Record], at: datetime) -> None:
    await sql.execute("UPDATE pinned.clock SET at = $1", at)


async def time_now(sql: asyncpg.Connection[asyncpg.Record]) -> datetime:
    now: datetime = await sql.fetchval("SELECT pinned.now()")
    return now
