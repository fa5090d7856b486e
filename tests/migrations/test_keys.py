"""Migration 16: teams that have keys or jobs exist, and what was audited before has no key."""

from __future__ import annotations

from pathlib import Path

from cluster.servers import Servers
from support.upgrades import database_before, upgrade


async def test_teams_that_were_used_exist(servers: Servers, tmp_path: Path) -> None:
    async with database_before(servers, tmp_path, "0016") as database, database.owner() as sql:
        await sql.execute(
            """INSERT INTO api_keys (key_hash, name, user_id, team_id, role) VALUES ('a', 'k', 1, 5, 'admin'), ('b', 'k', 1, NULL, 'admin');
               INSERT INTO jobs (user_id, team_id, job_name, job_type, payload) VALUES (1, 6, 'j', 'script', '{}'), (1, 5, 'j', 'script', '{}');
               INSERT INTO audit_logs (user_id, action) VALUES (1, 'CREATE_JOB')"""
        )
        await upgrade(database)
        assert [row["team_id"] for row in await sql.fetch("SELECT team_id FROM teams ORDER BY team_id")] == [5, 6]
        assert await sql.fetchval("SELECT key_id IS NULL FROM audit_logs")
        assert await sql.fetchval("SELECT count(*) FROM api_keys WHERE last_used_at IS NULL") == 2
