"""Retention: removes rows whose time has passed, in batches. Each method returns the number of rows it touched."""

from __future__ import annotations

from datetime import datetime

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements

SQL = Statements("foliot.common.ledger", "retention.sql")


class Retention:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def delete_finished_jobs(self, before: datetime, limit: int) -> int:
        return await self._session.execute(SQL.delete_finished_jobs, before, limit)

    async def delete_versions(self, before: datetime, limit: int) -> int:
        return await self._session.execute(SQL.delete_versions, before, limit)

    async def expire_letters(self, before: datetime, limit: int) -> int:
        return await self._session.execute(SQL.expire_letters, before, limit)

    async def delete_letters(self, before: datetime, limit: int) -> int:
        return await self._session.execute(SQL.delete_letters, before, limit)

    async def delete_answers(self, before: datetime, limit: int) -> int:
        return await self._session.execute(SQL.delete_answers, before, limit)

    async def delete_operations(self, before: datetime, limit: int) -> int:
        return await self._session.execute(SQL.delete_operations, before, limit)

    async def delete_terms(self, kept: int, limit: int) -> int:
        return await self._session.execute(SQL.delete_terms, kept, limit)
