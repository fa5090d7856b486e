"""Who leads: the row that fences every leader's transaction, its history, and the schedulers that are alive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from foliot.common.errors import Fenced
from foliot.common.ledger.postgres import Session, Statements

SQL = Statements("foliot.common.ledger", "leader.sql")


class Leader:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def take_term(self, scheduler_id: str, czxid: int, ensemble_id: str) -> int | None:
        """The new term, or None if somebody newer holds it."""
        term: int | None = await self._session.fetchval(SQL.take_term, scheduler_id, czxid, ensemble_id)
        return term

    async def hold_term(self, term: int) -> None:
        """Keep `term` standing until the transaction ends. Raises Fenced if it has passed."""
        if await self._session.fetchval(SQL.hold_term, term) is None:
            raise Fenced(f"term {term} has passed")

    async def select_leader(self) -> tuple[int, str | None, datetime | None]:
        row = await self._session.fetchrow(SQL.select_leader)
        assert row is not None
        return row["term"], row["scheduler_id"], row["since"]

    async def beat_scheduler(self, scheduler_id: str) -> None:
        await self._session.execute(SQL.beat_scheduler, scheduler_id)

    async def forget_scheduler(self, scheduler_id: str) -> None:
        await self._session.execute(SQL.forget_scheduler, scheduler_id)

    async def forget_silent_schedulers(self) -> int:
        return await self._session.execute(SQL.forget_silent_schedulers)

    async def list_schedulers(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._session.fetch(SQL.list_schedulers)]

    async def ensure_partitions(self, parent: str, from_time: datetime, to_time: datetime) -> int:
        made: int = await self._session.fetchval(SQL.ensure_partitions, parent, from_time, to_time)
        return made

    async def select_now(self) -> datetime:
        now: datetime = await self._session.fetchval(SQL.select_now)
        return now

    async def select_tzdata(self) -> str | None:
        version: str | None = await self._session.fetchval(SQL.select_tzdata)
        return version

    async def update_tzdata(self, version: str) -> None:
        await self._session.execute(SQL.update_tzdata, version)

    async def estimate_rows(self) -> dict[str, int]:
        return {row["name"]: row["rows"] for row in await self._session.fetch(SQL.estimate_rows)}

    async def select_replicas(self) -> list[asyncpg.Record]:
        """(replica, bytes, seconds) behind; empty without the privilege to look."""
        return await self._session.fetch(SQL.select_replicas)

    async def select_partition_ends(self) -> dict[str, datetime]:
        return {row["name"]: row["until"] for row in await self._session.fetch(SQL.select_partition_ends)}
