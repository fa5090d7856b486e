"""Dead letters: runs that were given up. The table is the truth, dead_letter_queue holds copies."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

import msgspec

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements
from foliot.common.model.scope import Scope

_VARYING = re.compile(r"0x[0-9a-f]+|\d+")


def fingerprint(error_message: str | None) -> str:
    """A key that groups errors: it is equal for messages that differ only in numbers and addresses."""
    return hashlib.sha256(_VARYING.sub("#", error_message or "").encode()).hexdigest()[:16]


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of open dead letters. A field that is None does not narrow it."""

    execution_ids: list[int] | None = None
    job_id: int | None = None
    fingerprint: str | None = None
    dead_from: datetime | None = None
    dead_to: datetime | None = None


class DeadLetterRow(msgspec.Struct, frozen=True):
    """An open dead letter as the API shows it."""

    execution_id: int
    job_id: int
    scheduled_time: datetime
    attempt_number: int
    status: str
    error_message: str | None
    fingerprint: str
    dead_at: datetime


class UnsentLetter(msgspec.Struct, frozen=True):
    """An open dead letter without a copy in dead_letter_queue."""

    execution_id: int
    job_id: int
    scheduled_time: datetime
    attempt_number: int
    error_message: str | None


class LetterKey(msgspec.Struct, frozen=True):
    """The attempt of a dead letter, its job, and the team that owns both."""

    execution_id: int
    job_id: int
    scheduled_time: datetime
    team_id: int | None


SQL = Statements(
    "foliot.common.ledger", "dead_letters.sql",
    rows={
        "list_open": DeadLetterRow, "list_owned_open": DeadLetterRow, "select_unsent": UnsentLetter,
        "select_matching": LetterKey,
    },
)  # fmt: skip


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

    async def list_open(self, before: tuple[datetime, int], limit: int) -> list[DeadLetterRow]:
        return await self._session.read(SQL.list_open, *before, limit)

    async def list_owned_open(self, owner: int, before: tuple[datetime, int], limit: int) -> list[DeadLetterRow]:
        return await self._session.read(SQL.list_owned_open, *before, limit, owner)

    async def select_unsent(self, limit: int) -> list[UnsentLetter]:
        return await self._session.read(SQL.select_unsent, limit)

    async def mark_sent(self, execution_ids: Sequence[int]) -> int:
        return await self._session.execute(SQL.mark_sent, list(execution_ids))

    async def select_matching(self, scope: Scope, selection: Selection, limit: int) -> list[LetterKey]:
        """Open letters, by job_id, then execution_id."""
        return await self._session.read(
            SQL.select_matching, scope.everything, scope.team_id, scope.user_id, selection.execution_ids,
            selection.job_id, selection.fingerprint, selection.dead_from, selection.dead_to, limit,
        )  # fmt: skip

    async def lock_open(self, execution_ids: Sequence[int]) -> set[int]:
        """The execution_ids of those that are still open, locked until the transaction ends."""
        return set(await self._session.column(SQL.lock_open, list(execution_ids)))

    async def close_letters(self, execution_ids: Sequence[int], by: str) -> set[int]:
        """Close the letters that are open; returns their execution_ids."""
        return set(await self._session.column(SQL.close_letters, list(execution_ids), by))

    async def count_stale(self) -> int:
        count: int = await self._session.value(SQL.count_stale)
        return count

    async def select_open_among(self, execution_ids: Sequence[int]) -> set[int]:
        return set(await self._session.column(SQL.select_open_among, list(execution_ids)))

    async def mark_removed(self, closed_before: datetime) -> int:
        return await self._session.execute(SQL.mark_removed, closed_before)

    async def count_open(self) -> int:
        count: int = await self._session.value(SQL.count_open)
        return count
