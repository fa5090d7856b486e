"""Months of the partitioned tables: closed first, then detached without a stop for others, then dropped."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statement, Statements

_NAME = re.compile(r"(executions|audit_logs)_\d{4}_\d{2}")


class Month(msgspec.Struct, frozen=True):
    """One month in PostgreSQL's catalogue. `detaching`: a detachment was interrupted and must be finalized."""

    month: str
    attached: bool
    detaching: bool


class MonthsEnd(msgspec.Struct, frozen=True):
    """The end of the last month of a partitioned table."""

    table: str
    until: datetime


SQL = Statements(
    "foliot.common.ledger", "months.sql", rows={"select_closed_months": Month, "select_partition_ends": MonthsEnd}
)


class Months:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def ensure_partitions(self, parent: str, from_time: datetime, to_time: datetime) -> int:
        made: int = await self._session.value(SQL.ensure_partitions, parent, from_time, to_time)
        return made

    async def select_partition_ends(self) -> list[MonthsEnd]:
        return await self._session.read(SQL.select_partition_ends)

    async def close_months(self, before: datetime) -> datetime:
        """Close the months before a time; returns the floor, which never moves back."""
        floor: datetime = await self._session.value(SQL.close_months, before)
        return floor

    async def hold_floor(self) -> datetime:
        floor: datetime = await self._session.value(SQL.hold_floor)
        return floor

    async def select_closed_months(self, parent: str, floor: datetime) -> list[Month]:
        return await self._session.read(SQL.select_closed_months, parent, floor)

    async def is_month_open(self, month: str) -> bool:
        answer: bool = await self._session.value(SQL.is_month_open, month)
        return answer


async def drop_month(session: Session, month: Month) -> None:
    """Drop a month. Call it in autocommit, as the tables' owner. DETACH CONCURRENTLY waits for old readers without a
    stop for new ones; an interrupted one is finalized by the next call."""
    if not _NAME.fullmatch(month.month):
        raise ValueError(f"{month.month} is no month")
    parent = month.month.rsplit("_", 2)[0]
    if month.detaching:
        await session.execute(_ddl("finalize_month", f"ALTER TABLE {parent} DETACH PARTITION {month.month} FINALIZE"))
    elif month.attached:
        await session.execute(_ddl("detach_month", f"ALTER TABLE {parent} DETACH PARTITION {month.month} CONCURRENTLY"))
    await session.execute(_ddl("drop_month", f"DROP TABLE {month.month}"))


def _ddl(name: str, sql: str) -> Statement:
    """A statement made of text, because the name of a table cannot be an argument."""
    return Statement(name, sql)
