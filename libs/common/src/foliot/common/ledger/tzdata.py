"""The tzdata that next_run_time was computed with, and the jobs that a newer one may move."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from foliot.common.ledger.postgres import Session, columns
from foliot.common.ledger.statements import Statements
from foliot.common.model.due import ZonedJob

SQL = Statements("foliot.common.ledger", "tzdata.sql", rows={"select_zoned_jobs": ZonedJob})


class Tzdata:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def select_tzdata(self) -> str | None:
        """The version of tzdata, None if it is unknown."""
        version: str | None = await self._session.value(SQL.select_tzdata)
        return version

    async def update_tzdata(self, version: str) -> None:
        await self._session.execute(SQL.update_tzdata, version)

    async def select_zoned_jobs(self, after: int, limit: int) -> list[ZonedJob]:
        """Jobs behind the job_id `after`, in the order of job_id."""
        return await self._session.read(SQL.select_zoned_jobs, after, limit)

    async def move_jobs(self, moves: Sequence[tuple[int, datetime | None]]) -> int:
        """Set the next_run_time of locked jobs. `moves`: (job_id, next_run_time)."""
        return await self._session.execute(SQL.move_jobs, *columns(moves, 2))
