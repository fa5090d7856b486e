"""Answers kept for 24 h, so that a repeated request changes nothing twice."""

from __future__ import annotations

import hashlib
from typing import Any

import asyncpg
import msgspec

from foliot.common.ledger.postgres import Session, Statements

SQL = Statements("foliot.api.queries", "idempotency_keys.sql")


class RequestKey(msgspec.Struct, frozen=True):
    """What an Idempotency-Key counts per."""

    user_id: int
    team_id: int
    method: str
    path: str
    key: str

    def lock_number(self) -> int:
        text = f"{self.user_id}\0{self.team_id}\0{self.method}\0{self.path}\0{self.key}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], signed=True)


class IdempotencyKeys:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def lock_key(self, key: RequestKey) -> bool:
        """False while another request with this key is in flight."""
        locked: bool = await self._session.fetchval(SQL.lock_key, key.lock_number())
        return locked

    async def select_answer(self, key: RequestKey) -> asyncpg.Record | None:
        """(request_hash, status, headers, body) of the first answer."""
        return await self._session.fetchrow(SQL.select_answer, key.user_id, key.team_id, key.method, key.path, key.key)

    async def insert_answer(
        self, key: RequestKey, request_hash: bytes, status: int, headers: dict[str, Any], body: str
    ) -> None:
        await self._session.execute(
            SQL.insert_answer,
            key.user_id,
            key.team_id,
            key.method,
            key.path,
            key.key,
            request_hash,
            status,
            headers,
            body,
        )
