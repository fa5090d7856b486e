"""`python -m foliot.api create-key`: a key without asking the API, when there is none yet or the last is lost."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

import msgspec

from foliot.api.config import Config
from foliot.api.queries.unit import Unit
from foliot.api.web.auth import Role, hash_key, new_key
from foliot.common.errors import FoliotError
from foliot.common.ledger.audit_logs import FOLIOT, AuditEntry
from foliot.common.ledger.database import Database
from foliot.common.process.config import load


def main(arguments: list[str]) -> None:
    """Print a new key, alone on stdout. It is stored as a hash and shown this once."""
    parser = argparse.ArgumentParser(prog="python -m foliot.api create-key", description=main.__doc__)
    parser.add_argument("--role", choices=[role.name.lower() for role in Role], required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--user-id", type=int, default=1)
    parser.add_argument("--team-id", type=int)
    given = parser.parse_args(arguments)
    try:
        config = load(Config, os.environ)
        print(asyncio.run(create(config.database_url, given.role, given.name, given.user_id, given.team_id)))
    except FoliotError as error:
        sys.exit(f"create-key: {error}")


async def create(url: str, role: str, name: str, user_id: int, team_id: int | None) -> str:
    """Store a key, and its team if that is new."""
    key = new_key()
    async with Database(url, Unit, size=1, name="create-key") as database, database.transaction() as unit:
        if team_id is not None:
            await unit.api_keys.insert_team(team_id)
        row = await unit.api_keys.insert_key(hash_key(key), name, user_id, team_id, role, None)
        await unit.audit_logs.insert_audit(
            AuditEntry(
                user_id=FOLIOT, team_id=team_id, action="CREATE_KEY", resource_type="API_KEY",
                resource_id=row.key_id, new_value=msgspec.structs.asdict(row),
            )
        )  # fmt: skip
    return key
