"""The schema version that this code needs, and the check that the database has it."""

from __future__ import annotations

import asyncio
from typing import Protocol

import asyncpg
import structlog

from foliot.common.clock import Clock
from foliot.common.errors import FoliotError, SchemaUnknown, Unavailable
from foliot.common.ledger.database import UnitsOfWork
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statement
from foliot.common.process import events

SCHEMA_VERSION = 20
"""The number of the newest migration in sql/migrations; a test compares the two."""

GUARDS = (
    "jobs_pkey", "idx_jobs_job_key", "executions_pkey", "executions_ledger",
    "dead_letters_pkey", "idempotency_keys_pkey", "api_keys_key_hash_key", "leader_pkey", "workers_pkey",
)  # fmt: skip
"""Unique indexes on which promises rest: nothing else keeps two rows of one tick, or two jobs of one job_key, apart."""
_SELECT = Statement(
    "select_schema_version",
    """SELECT max(version), ARRAY(
           SELECT guard FROM unnest($1::text[]) AS guard WHERE NOT EXISTS (
               SELECT FROM pg_index i WHERE i.indexrelid = to_regclass(guard) AND i.indisunique AND i.indisvalid))
       FROM schema_migrations""",
)
_log = structlog.get_logger()
_WAIT_MIN, _WAIT_MAX = 0.1, 2.0
"""Seconds between two tries to reach the server at the start; doubled at each failure."""
REMEDY = "run `python -m foliot.common.migrate` (make up and docker compose up do it)"


class HasSession(Protocol):
    """The part of a unit of work that this check needs."""

    session: Session


async def check_schema(session: Session) -> None:
    """Raises SchemaUnknown, with the remedy, unless the database has this code's schema, or the next one of an upgrade
    under way, and its guards. A few catalog look-ups: done at the start and whenever somebody asks /readyz."""
    try:
        ((version, missing),) = await session.fetch(_SELECT, GUARDS)
    except asyncpg.UndefinedTableError:
        version, missing = None, []
    if version is None or version < SCHEMA_VERSION:
        raise SchemaUnknown(
            f"the database has schema {version or 'none'}, this service needs {SCHEMA_VERSION}: {REMEDY}"
        )
    if version > SCHEMA_VERSION + 1:
        raise SchemaUnknown(
            f"the database has schema {version}, this service knows {SCHEMA_VERSION}: deploy a newer release"
        )
    if missing:
        raise SchemaUnknown(
            f"the database lacks the unique index {', '.join(missing)}, which keeps a promise: stop writing, restore it"
        )


async def await_schema(database: UnitsOfWork[HasSession], stop: asyncio.Event, clock: Clock) -> None:
    """Wait for the server at the start of a service, without limit. Raises SchemaUnknown for a schema that is not
    known."""
    wait = _WAIT_MIN
    while not stop.is_set():
        try:
            async with database.session() as unit:
                await check_schema(unit.session)
                return
        except Unavailable as error:
            _log.warning(events.POSTGRES_AWAY, error=error)
        await clock.sleep(wait)
        wait = min(_WAIT_MAX, wait * 2)


async def why_not_ready(database: UnitsOfWork[HasSession], stop: asyncio.Event) -> str | None:
    """The reason why a service cannot serve, None if it can: it stops, PostgreSQL is away, or the schema is wrong."""
    if stop.is_set():
        return "stopping"
    try:
        async with database.session() as unit:
            await check_schema(unit.session)
    except FoliotError as error:
        return str(error)
    return None
