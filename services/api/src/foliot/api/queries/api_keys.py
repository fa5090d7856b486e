"""Bearer keys: stored as hashes, shown once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from foliot.common.ledger.postgres import Session, Statements

SQL = Statements("foliot.api.queries", "api_keys.sql")


class ApiKeys:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def insert_key(
        self,
        key_hash: bytes,
        name: str,
        user_id: int,
        team_id: int | None,
        role: str,
        expires_at: datetime | None,
    ) -> dict[str, Any]:
        row = await self._session.fetchrow(SQL.insert_key, key_hash, name, user_id, team_id, role, expires_at)
        assert row is not None
        return dict(row)

    async def select_by_hash(self, key_hash: bytes) -> asyncpg.Record | None:
        """(key_id, user_id, team_id, role, expires_at) of a key that is valid now."""
        return await self._session.fetchrow(SQL.select_by_hash, key_hash)

    async def list_keys(self, everything: bool, team_id: int | None) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._session.fetch(SQL.list_keys, everything, team_id)]

    async def revoke_key(self, key_id: int, everything: bool, team_id: int | None) -> dict[str, Any] | None:
        row = await self._session.fetchrow(SQL.revoke_key, key_id, everything, team_id)
        return dict(row) if row else None
