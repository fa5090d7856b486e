"""Versions of a job for people: each definition that it had, and the way back from a deletion."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from foliot.common.ledger.job import DEFINITION_FIELDS, Job
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements
from foliot.common.model.scope import Scope


class VersionRow(msgspec.Struct, frozen=True):
    """A definition, and who made it. None: it was made before this was written down."""

    version: int
    changed_at: datetime
    user_id: int | None
    key_id: int | None
    key_name: str | None
    definition: dict[str, Any]

    @property
    def fields(self) -> dict[str, Any]:
        """The definition, without what the timeline keeps beside it."""
        return {name: self.definition[name] for name in DEFINITION_FIELDS if name in self.definition}


SQL = Statements("foliot.api.queries", "versions.sql", rows={"list_versions": VersionRow, "select_version": VersionRow})


class Versions:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def list_versions(self, job_id: int, before: int, limit: int) -> list[VersionRow]:
        """Newest first."""
        return await self._session.read(SQL.list_versions, job_id, before, limit)

    async def select_version(self, job_id: int, version: int) -> VersionRow | None:
        found: VersionRow | None = await self._session.read_one(SQL.select_version, job_id, version)
        return found

    async def lock_restorable(self, job_id: int, scope: Scope) -> tuple[Job, datetime] | None:
        """The stored row, deleted or not, locked until the transaction ends, and the clock after the lock."""
        rows = await self._session.fetch(SQL.lock_restorable, job_id, scope.everything, scope.team_id, scope.user_id)
        if not rows:
            return None
        columns = dict(rows[0])
        now = columns.pop("now")
        return Job(**columns), now

    async def select_former_status(self, job_id: int) -> str | None:
        status: str | None = await self._session.value(SQL.select_former_status, job_id)
        return status

    async def list_restored(self, job_id: int) -> None:
        await self._session.execute(SQL.list_restored, job_id)
