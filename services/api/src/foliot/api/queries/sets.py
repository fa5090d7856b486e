"""Sets: the jobs that one manifest owns, found by their job_keys."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from foliot.common.ledger.job import Job
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements


class Member(msgspec.Struct, frozen=True):
    """A job of a set."""

    job_id: int
    job_key: str
    version: int


SQL = Statements("foliot.api.queries", "sets.sql", rows={"select_members": Member})


class Sets:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def select_taken(self, owner: int, job_keys: Sequence[str]) -> set[str]:
        return set(await self._session.column(SQL.select_taken, owner, list(job_keys)))

    async def select_keyed(self, owner: int, job_keys: Sequence[str]) -> dict[str, Job]:
        """job_key -> its job."""
        rows = await self._session.fetch(SQL.select_keyed, owner, list(job_keys))
        return {row["job_key"]: Job(**row) for row in rows}

    async def select_members(self, owner: int, name: str) -> list[Member]:
        return await self._session.read(SQL.select_members, owner, name)
