"""The worker processes: their claim tokens, heartbeats, slots and pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from foliot.common.ledger.postgres import Session, Statements

SQL = Statements("foliot.common.ledger", "workers.sql")


class Workers:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def beat_worker(
        self, claim: int, worker_id: str, pools: Sequence[str], slots: int, running: int, held: int
    ) -> None:
        await self._session.execute(SQL.beat_worker, claim, worker_id, list(pools), slots, running, held)

    async def forget_worker(self, claim: int) -> None:
        await self._session.execute(SQL.forget_worker, claim)

    async def select_dead_claims(self, lease: float) -> list[asyncpg.Record]:
        """(claim, worker_id) of processes that were silent for `lease` seconds."""
        return await self._session.fetch(SQL.select_dead_claims, lease)

    async def forget_dead_claims(self, claims: Sequence[int]) -> int:
        return await self._session.execute(SQL.forget_dead_claims, list(claims))

    async def sum_slots(self, lease: float) -> list[asyncpg.Record]:
        """(pool, slots, held, workers) of those heard of within `lease` seconds."""
        return await self._session.fetch(SQL.sum_slots, lease)

    async def list_workers(self, lease: float) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._session.fetch(SQL.list_workers, lease)]
