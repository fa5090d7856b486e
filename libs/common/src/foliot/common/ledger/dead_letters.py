"""Runs that were given up: the table is the truth, the queue dead_letter_queue a copy."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from foliot.common.ledger.jobs import Scope
from foliot.common.ledger.postgres import Session, Statements

SQL = Statements("foliot.common.ledger", "dead_letters.sql")
_VARYING = re.compile(r"0x[0-9a-f]+|\d+")


def fingerprint(error_message: str | None) -> str:
    """Equal for errors that differ in numbers and addresses only."""
    return hashlib.sha256(_VARYING.sub("#", error_message or "").encode()).hexdigest()[:16]


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which open dead letters are meant; everything that is None does not narrow."""

    execution_ids: list[int] | None = None
    job_id: int | None = None
    fingerprint: str | None = None
    dead_from: datetime | None = None
    dead_to: datetime | None = None


class DeadLetters:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def insert_dead_letters(self, letters: Sequence[tuple[int, datetime, str | None]]) -> int:
        """`letters`: (execution_id, scheduled_time, error_message) of attempts that ended in this transaction."""
        times = [letter[1] for letter in letters]
        return await self._session.execute(
            SQL.insert_dead_letters,
            [letter[0] for letter in letters],
            times,
            [fingerprint(letter[2]) for letter in letters],
            min(times),
            max(times),
        )

    async def list_open(self, before: tuple[datetime, int], limit: int) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.list_open, *before, limit)

    async def list_owned_open(self, owner: int, before: tuple[datetime, int], limit: int) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.list_owned_open, *before, limit, owner)

    async def select_unsent(self, limit: int) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.select_unsent, limit)

    async def mark_sent(self, execution_ids: Sequence[int]) -> int:
        return await self._session.execute(SQL.mark_sent, list(execution_ids))

    async def select_matching(self, scope: Scope, selection: Selection, limit: int) -> list[asyncpg.Record]:
        """(execution_id, job_id, scheduled_time) of open ones."""
        return await self._session.fetch(
            SQL.select_matching, scope.everything, scope.team_id, scope.user_id, selection.execution_ids,
            selection.job_id, selection.fingerprint, selection.dead_from, selection.dead_to, limit,
        )  # fmt: skip

    async def close_letters(self, execution_ids: Sequence[int], by: str) -> set[int]:
        """Those that were open until now."""
        rows = await self._session.fetch(SQL.close_letters, list(execution_ids), by)
        return {row["execution_id"] for row in rows}

    async def count_stale(self) -> int:
        count: int = await self._session.fetchval(SQL.count_stale)
        return count

    async def select_open_among(self, execution_ids: Sequence[int]) -> set[int]:
        rows = await self._session.fetch(SQL.select_open_among, list(execution_ids))
        return {row["execution_id"] for row in rows}

    async def mark_removed(self, closed_before: datetime) -> int:
        return await self._session.execute(SQL.mark_removed, closed_before)

    async def count_open(self) -> int:
        count: int = await self._session.fetchval(SQL.count_open)
        return count
