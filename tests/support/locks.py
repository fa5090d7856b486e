"""Sessions that wait for a lock of another, as PostgreSQL says."""

from __future__ import annotations

from support.ledger import Sql


async def stands_behind_a_lock(sql: Sql, query: str) -> None:
    """AssertionError unless a statement with this text, of another connection to this database, waits for a lock."""
    assert await sql.fetchval(
        """SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%' || $1 || '%' AND wait_event_type = 'Lock'
               AND pid <> pg_backend_pid() AND datname = current_database())""",
        query,
    )
