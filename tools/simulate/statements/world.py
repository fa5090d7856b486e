"""The world of the stories: a PostgreSQL whose clock is theirs, its connections by role, emptied before each story."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg

from simulate.statements.connections import Connections
from simulate.statements.history import SETUP
from simulate.statements.waits import Waits
from support.databases import TestDatabase
from support.pinned_time import pin_time, set_time

DAWNS = tuple(map(datetime.fromisoformat, ("2026-10-24T20:00:00Z", "2026-10-25T00:58:30Z", "2026-03-29T00:58:30Z")))
"""The starts of the stories: an evening, and the moments before Berlin's clocks go back and forward."""
ROLES = ("api", "scheduler", "worker")
_SERVER = """
ALTER SYSTEM SET deadlock_timeout = '1h';
ALTER SYSTEM SET autovacuum = off;
"""
"""The simulation finds deadlocks and chooses their victims itself; no background work moves rows between stories."""
_DEFAULTS = """
SELECT format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT pinned.%s', d.adrelid::regclass, a.attname,
    pg_get_expr(d.adbin, d.adrelid))
FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE pg_get_expr(d.adbin, d.adrelid) IN ('now()', 'clock_timestamp()')
"""
"""A column's default names PostgreSQL's own clock, whatever the search_path of its user."""
_MONTHS = """SELECT ensure_partitions(parent, $1, $1::timestamptz + interval '31 days')
FROM unnest(ARRAY['executions', 'audit_logs']) AS parent"""
_ROLES = "ALTER ROLE foliot_{role} SET {setting} = 0"
_TABLES = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
  AND c.relname NOT IN ('schema_migrations', 'leader', 'partition_floor', 'tzdata', 'api_keys', 'teams')
ORDER BY 1
"""
"""What a story writes: every table but those of one row, and the keys."""
_BEGINNING = """
UPDATE leader SET term = 0, scheduler_id = NULL, czxid = 0, ensemble_id = '', since = NULL;
UPDATE partition_floor SET floor = '-infinity';
UPDATE tzdata SET version = 'dawn';
INSERT INTO api_keys (key_id, key_hash, name, user_id, role) VALUES (1, '', 'a story', 1, 'admin') ON CONFLICT DO NOTHING;
SELECT setval('pinned.calls', 1), setval('jobs_job_id_seq', 1, false), setval('executions_execution_id_seq', 1, false),
    setval('operations_operation_id_seq', 1, false);
"""
_STORIES_PER_TRUNCATE = 100
"""Rows are deleted, which leaves PostgreSQL its plans; now and then tables are truncated, which leaves it no dead rows."""


class World:
    """Opened once for many stories."""

    def __init__(self, database: TestDatabase) -> None:
        self._database = database
        self._stories = 0
        self.connections = {role: Connections(database.url(role)) for role in ROLES}

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[World]:
        await self._prepare()
        async with contextlib.AsyncExitStack() as stack:
            self.sql = await stack.enter_async_context(self._database.owner())
            self._tables = [row[0] for row in await self.sql.fetch(_TABLES)] + ["pinned.history"]
            await self.sql.execute("SET session_replication_role = replica")  # no trigger notes what empties the tables
            watcher = await stack.enter_async_context(self._database.owner())
            self.waits = Waits(watcher)
            for connections in self.connections.values():
                await connections.open(stack)
            yield self

    async def _prepare(self) -> None:
        await pin_time(self._database, DAWNS[0])
        async with self._database.owner() as sql:
            for statement in _SERVER.strip().split(";\n"):
                await sql.execute(statement.rstrip(";"))
            await sql.execute("SELECT pg_reload_conf()")
            for role in ROLES:
                for setting in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
                    await sql.execute(_ROLES.format(role=role, setting=setting))
            await sql.execute("ALTER TABLE audit_logs DISABLE TRIGGER audit_logs_never_truncated")
            await sql.execute(SETUP)
            for at in DAWNS:
                await sql.fetch(_MONTHS, at)
            for row in await sql.fetch(_DEFAULTS):
                await sql.execute(row[0])

    async def empty(self, dawn: datetime) -> None:
        if self._stories % _STORIES_PER_TRUNCATE == 0:
            await self.sql.execute(f"TRUNCATE {', '.join(self._tables)} CASCADE")
        else:
            await self.sql.execute("".join(f"DELETE FROM {table};" for table in self._tables))
        self._stories += 1
        await self.sql.execute(_BEGINNING)
        await self.pass_to(dawn)

    async def pass_to(self, at: datetime) -> None:
        await set_time(self.sql, at)

    async def rows(self, query: str, *args: object) -> list[asyncpg.Record]:
        return await self.sql.fetch(query, *args)
