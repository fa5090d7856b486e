"""Jobs by their keys: which job an owner means by a job_key."""

from __future__ import annotations

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements

SQL = Statements("foliot.api.queries", "keyed_jobs.sql")


class KeyedJobs:
    """`owner`: the team_id, or minus the user_id of jobs without a team."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find_job(self, owner: int, key: str) -> int | None:
        """The job_id."""
        job_id: int | None = await self._session.value(SQL.find_job, owner, key)
        return job_id

    async def find_deleted_job(self, owner: int, key: str) -> int | None:
        """The job_id of the one that was deleted last."""
        job_id: int | None = await self._session.value(SQL.find_deleted_job, owner, key)
        return job_id
