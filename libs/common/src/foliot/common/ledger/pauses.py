"""Pauses: who paused a job, why and until when. A row counts while its job is PAUSED."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from foliot.common.ledger.job import Job
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements

SQL = Statements("foliot.common.ledger", "pauses.sql")


class NewPause(msgspec.Struct, frozen=True, kw_only=True):
    """A pause. Its fields are the arguments of insert_pause. `until`: the leader then resumes the job."""

    job_id: int
    user_id: int
    key_id: int
    paused_at: datetime
    reason: str | None
    until: datetime | None


class Pauses:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def insert_pause(self, pause: NewPause) -> None:
        await self._session.execute(SQL.insert_pause, *msgspec.structs.astuple(pause))

    async def delete_pauses(self, job_ids: Sequence[int]) -> None:
        await self._session.execute(SQL.delete_pauses, list(job_ids))

    async def lock_ending(self, limit: int) -> tuple[list[Job], datetime | None]:
        """Lock jobs whose pause ends by itself by now. Gives them, and the database's clock after the lock."""
        rows = [dict(row) for row in await self._session.fetch(SQL.lock_ending, limit)]
        clocks = [row.pop("now") for row in rows]
        return [Job(**row) for row in rows], max(clocks, default=None)

    async def select_ending(self, job_ids: Sequence[int]) -> set[int]:
        return set(await self._session.column(SQL.select_ending, list(job_ids)))
