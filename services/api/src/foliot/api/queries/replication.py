"""Replication: positions in the write-ahead log that the primary has written, and that a replica has replayed."""

from __future__ import annotations

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements

SQL = Statements("foliot.api.queries", "replication.sql")


class Replication:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def select_written(self) -> int:
        position: int = await self._session.value(SQL.select_written)
        return position

    async def select_replayed(self) -> int:
        position: int = await self._session.value(SQL.select_replayed)
        return position
