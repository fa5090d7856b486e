"""`python -m foliot.common.migrate`: brings the database to the newest schema.

It applies the files of sql/migrations in their order, each once and in its own transaction, under an advisory lock. An
applied file must not change: its SHA-256 is stored. Roles and their settings (sql/roles.sql) are set again each time.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import msgspec

from foliot.common.errors import FoliotError

_LOCK = 0x666F6C696F74  # "foliot" in ASCII: the key of the advisory lock that lets one migrator run at a time
_CONNECT_TIMEOUT = 10  # seconds; the database may just be starting
_CLOSE_TIMEOUT = 5  # seconds; then the connection is cut
SERVICES = ("api", "scheduler", "worker", "maintenance")

_TABLE = """CREATE TABLE IF NOT EXISTS schema_migrations (
    version INT PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now())"""


class MigrationError(FoliotError):
    """The migrations cannot be applied; the message says what to do."""

    code = "migration"


class Migration(msgspec.Struct, frozen=True):
    """One file of sql/migrations."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(directory: Path) -> list[Migration]:
    """The files of a directory in their order. Raises MigrationError unless they are numbered 1, 2, 3, ..."""
    migrations = []
    for path in sorted(directory.glob("*.sql")):
        match = re.fullmatch(r"(\d{4})_(\w+)\.sql", path.name)
        if not match:
            raise MigrationError(f"{path.name} is not named NNNN_name.sql")
        migrations.append(Migration(int(match[1]), match[2], path.read_text()))
    if not migrations or [m.version for m in migrations] != list(range(1, len(migrations) + 1)):
        raise MigrationError(
            f"the migrations in {directory} are not numbered 0001, 0002, ...: set FOLIOT_MIGRATIONS_DIR"
        )
    return migrations


async def migrate(url: str, directory: Path, passwords: Mapping[str, str] | None = None) -> list[Migration]:
    """Apply the missing migrations and return them. `passwords`: service -> password of its role."""
    migrations = read_migrations(directory)
    connection = await asyncpg.connect(url, timeout=_CONNECT_TIMEOUT, server_settings={"timezone": "UTC"})
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute((directory.parent / "roles.sql").read_text())
        await _set_passwords(connection, passwords or {})
        await connection.execute(_TABLE)
        applied = {row["version"]: row for row in await connection.fetch("SELECT * FROM schema_migrations")}
        _check(migrations, {version: row["checksum"] for version, row in applied.items()})
        missing = [m for m in migrations if m.version not in applied]
        for migration in missing:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
                    migration.version, migration.name, migration.checksum,
                )  # fmt: skip
        return missing
    finally:
        await connection.close(timeout=_CLOSE_TIMEOUT)


def _check(migrations: list[Migration], checksums: Mapping[int, str]) -> None:
    for migration in migrations:
        checksum = checksums.get(migration.version)
        if checksum is not None and checksum != migration.checksum:
            raise MigrationError(
                f"migration {migration.version:04} {migration.name} was changed after it was applied: "
                "restore the file and put the change into a new migration"
            )
    if checksums and max(checksums) > len(migrations):
        raise MigrationError(
            f"the database has migration {max(checksums)}, these files end at {len(migrations)}: "
            "deploy the newer release"
        )


async def _set_passwords(connection: asyncpg.Connection[asyncpg.Record], passwords: Mapping[str, str]) -> None:
    for service, password in passwords.items():
        quoted = await connection.fetchval("SELECT quote_literal($1::text)", password)
        await connection.execute(f"ALTER ROLE foliot_{service} PASSWORD {quoted}")


def _passwords(environ: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for service in SERVICES:
        name = f"FOLIOT_{service.upper()}_PASSWORD"
        if name in environ:
            found[service] = environ[name]
        elif path := environ.get(name + "_FILE"):
            found[service] = Path(path).read_text().strip()
    return found


def main() -> None:
    url = os.environ.get("FOLIOT_DATABASE_URL", "")
    if not url and (path := os.environ.get("FOLIOT_DATABASE_URL_FILE")):
        url = Path(path).read_text().strip()
    if not url:
        sys.exit("FOLIOT_DATABASE_URL is not set: postgresql://owner:password@host/foliot of its owner")
    directory = Path(os.environ.get("FOLIOT_MIGRATIONS_DIR", "sql/migrations"))
    try:
        applied = asyncio.run(migrate(url, directory, _passwords(os.environ)))
    except (MigrationError, OSError, asyncpg.PostgresError) as error:
        sys.exit(f"migrate: {error}")
    for migration in applied:
        print(f"applied {migration.version:04} {migration.name}")
    print(f"schema is at {read_migrations(directory)[-1].version:04}")


if __name__ == "__main__":
    main()
