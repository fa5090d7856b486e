"""Answers kept for 24 h, so that a repeated request changes nothing twice."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements


class RequestKey(msgspec.Struct, frozen=True):
    """An Idempotency-Key with its range: it counts for one owner, method and path."""

    user_id: int
    team_id: int
    method: str
    path: str
    key: str

    def lock_number(self) -> int:
        """The number of its advisory lock: 64 bits of a hash."""
        text = f"{self.user_id}\0{self.team_id}\0{self.method}\0{self.path}\0{self.key}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], signed=True)


class KeptAnswer(msgspec.Struct, frozen=True):
    """The first answer to a request with this key, and the hash of that request's body."""

    request_hash: bytes
    status: int
    headers: dict[str, str]
    body: str


SQL = Statements("foliot.api.queries", "idempotency_keys.sql", rows={"select_answer": KeptAnswer})


class IdempotencyKeys:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def lock_key(self, key: RequestKey) -> bool:
        """False while another request with this key is in flight."""
        locked: bool = await self._session.value(SQL.lock_key, key.lock_number())
        return locked

    async def select_answer(self, key: RequestKey) -> KeptAnswer | None:
        kept: KeptAnswer | None = await self._session.read_one(SQL.select_answer, *_columns(key))
        return kept

    async def insert_answer(
        self, key: RequestKey, request_hash: bytes, status: int, headers: dict[str, Any], body: str
    ) -> None:
        await self._session.execute(SQL.insert_answer, *_columns(key), request_hash, status, headers, body)


def _columns(key: RequestKey) -> tuple[int, int, str, str, str]:
    return key.user_id, key.team_id, key.method, key.path, key.key
