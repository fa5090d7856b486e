"""Bearer keys: stored as hashes, shown once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements


class ApiKeyRow(msgspec.Struct, frozen=True):
    """A key as the API shows it."""

    key_id: int
    name: str
    user_id: int
    team_id: int | None
    role: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """To the minute."""


class ValidKey(msgspec.Struct, frozen=True):
    """A key that is valid now, and its holder."""

    key_id: int
    user_id: int
    team_id: int | None
    role: str
    expires_at: datetime | None


SQL = Statements(
    "foliot.api.queries", "api_keys.sql",
    rows={"insert_key": ApiKeyRow, "list_keys": ApiKeyRow, "revoke_key": ApiKeyRow, "select_by_hash": ValidKey},
)  # fmt: skip


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
    ) -> ApiKeyRow:
        made: ApiKeyRow = await self._session.read_one(
            SQL.insert_key, key_hash, name, user_id, team_id, role, expires_at
        )
        return made

    async def select_by_hash(self, key_hash: bytes) -> ValidKey | None:
        found: ValidKey | None = await self._session.read_one(SQL.select_by_hash, key_hash)
        return found

    async def list_keys(self, everything: bool, team_id: int | None) -> list[ApiKeyRow]:
        return await self._session.read(SQL.list_keys, everything, team_id)

    async def lock_admins(self) -> list[int]:
        """The key_ids of the valid admin keys without a team, locked until the transaction ends."""
        return await self._session.column(SQL.lock_admins)

    async def revoke_key(self, key_id: int, everything: bool, team_id: int | None) -> ApiKeyRow | None:
        """None if there is no such key, or it is revoked already."""
        revoked: ApiKeyRow | None = await self._session.read_one(SQL.revoke_key, key_id, everything, team_id)
        return revoked

    async def is_stranger(self, user_id: int, team_id: int) -> bool:
        """True if the user has a key of another team, or one without a team."""
        answer: bool = await self._session.value(SQL.is_stranger, user_id, team_id)
        return answer

    async def note_use(self, key_ids: Sequence[int]) -> None:
        await self._session.execute(SQL.note_use, list(key_ids))

    async def insert_team(self, team_id: int) -> None:
        await self._session.execute(SQL.insert_team, team_id)

    async def has_team(self, team_id: int) -> bool:
        answer: bool = await self._session.value(SQL.has_team, team_id)
        return answer
