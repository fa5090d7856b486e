"""The data source `demo`: a database of its own with a small table, and a role that may only read it."""

from pathlib import Path

import asyncpg
import msgspec

from cluster import files
from cluster.layout import REPOSITORY
from cluster.postgres import OWNER, Postgres, url

DATABASE, ROLE = "demo", "foliot_demo"
CONTENT = REPOSITORY / "infra" / "demo" / "demo.sql"
QUERY = "SELECT customer, count(*) AS orders, sum(amount) AS amount FROM orders GROUP BY 1 ORDER BY 1"


async def create_demo(primary: Postgres, password: str, datasources: Path) -> None:
    """As often as it is called. Another database of the cluster is closed to the role by pg_hba.conf."""
    connection = await asyncpg.connect(primary.url, timeout=5)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", ROLE):
            await connection.execute(f"CREATE ROLE {ROLE} LOGIN")
        await connection.execute(f"ALTER ROLE {ROLE} PASSWORD '{password}'")
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
        await connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        await connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {ROLE}")
    finally:
        await connection.close(timeout=5)
    await _fill(url(primary.port, OWNER, primary.password, DATABASE))
    content = {DATABASE: {"url": url(primary.port, ROLE, password, DATABASE)}}
    files.write(datasources, msgspec.json.encode(content))


async def _fill(demo_url: str) -> None:
    connection = await asyncpg.connect(demo_url, timeout=5)
    try:
        await connection.execute(CONTENT.read_text())
    finally:
        await connection.close(timeout=5)
