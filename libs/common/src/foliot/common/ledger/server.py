"""The database server itself: its clock, its estimates, its replicas."""

from __future__ import annotations

from datetime import datetime

import msgspec

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements


class RowEstimate(msgspec.Struct, frozen=True):
    """The number of rows of a table, estimated by PostgreSQL's statistics."""

    table: str
    rows: int


class ReplicaRow(msgspec.Struct, frozen=True):
    """A streaming replica and its lag, in bytes of write-ahead log and in seconds."""

    replica: str
    bytes: float
    seconds: float


SQL = Statements(
    "foliot.common.ledger", "server.sql", rows={"estimate_rows": RowEstimate, "select_replicas": ReplicaRow}
)


class Server:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def select_now(self) -> datetime:
        """The database's clock, which decides what is due."""
        now: datetime = await self._session.value(SQL.select_now)
        return now

    async def estimate_rows(self) -> list[RowEstimate]:
        return await self._session.read(SQL.estimate_rows)

    async def select_replicas(self) -> list[ReplicaRow]:
        """The replicas; none without the privilege to see them."""
        return await self._session.read(SQL.select_replicas)
