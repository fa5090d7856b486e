"""Runs that were given up: the table is the truth, the queue dead_letter_queue a copy."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from foliot.common.postgres import Session, Statements

SQL = Statements("foliot.common.repositories", "dead_letters.sql")
_VARYING = re.compile(r"0x[0-9a-f]+|\d+")


def fingerprint(error_message: str | None) -> str:
    """Equal for errors that differ in numbers and addresses only."""
    return hashlib.sha256(_VARYING.sub("#", error_message or "").encode()).hexdigest()[:16]


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

    async def list_open(
        self,
        everything: bool,
        team_id: int | None,
        user_id: int,
        before: tuple[datetime, int],
        limit: int,
    ) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.list_open, everything, team_id, user_id, *before, limit)

    async def select_unsent(self, limit: int) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.select_unsent, limit)

    async def mark_sent(self, execution_ids: Sequence[int]) -> int:
        return await self._session.execute(SQL.mark_sent, list(execution_ids))

    async def count_open(self) -> int:
        count: int = await self._session.fetchval(SQL.count_open)
        return count
