"""listed_jobs holds what lists walk: each job that is not deleted, whichever statement made it."""

from __future__ import annotations

from pathlib import Path

from cluster.servers import Servers
from support.databases import TestDatabase
from support.ledger import Sql
from support.upgrades import database_before, upgrade

_SEEDS_COLUMNS = "INSERT INTO jobs (user_id, team_id, job_name, job_type, payload, deleted_at)"


async def test_jobs_of_the_schema_before_are_listed(servers: Servers, tmp_path: Path) -> None:
    async with database_before(servers, tmp_path, "0011") as database, database.owner() as sql:
        await sql.execute(
            f"{_SEEDS_COLUMNS} VALUES (3, 8, 'a', 'script', '{{}}', NULL), (3, NULL, 'b', 'script', '{{}}', NULL), "
            "(3, 8, 'c', 'script', '{}', now())"
        )
        await upgrade(database)
        assert await _listed(sql) == [("a", 8), ("b", -3)]


async def test_a_job_is_listed_until_its_row_is_gone(database: TestDatabase) -> None:
    async with database.owner() as sql:
        await sql.execute(
            f"{_SEEDS_COLUMNS} SELECT 4, CASE WHEN g < 3 THEN 9 END, 'job ' || g, 'script', '{{}}', NULL FROM generate_series(1, 3) g"
        )
        assert await _listed(sql) == [("job 1", 9), ("job 2", 9), ("job 3", -4)]
        await sql.execute("DELETE FROM jobs WHERE job_name = 'job 2'")
        assert await _listed(sql) == [("job 1", 9), ("job 3", -4)]
        assert await sql.fetchval("SELECT count(*) FROM listed_jobs") == 2


async def _listed(sql: Sql) -> list[tuple[str, int]]:
    rows = await sql.fetch("SELECT job_name, owner FROM listed_jobs JOIN jobs USING (job_id, created_at) ORDER BY 1")
    return [(row["job_name"], row["owner"]) for row in rows]
