"""Worker processes: their claim tokens, heartbeats, slots, pools and data sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """The name of a worker, and what it has for jobs."""

    worker_id: str
    pools: Sequence[str]
    slots: int
    datasources: Sequence[str]


class PoolSlots(msgspec.Struct, frozen=True):
    """The living workers of one pool: the sums of their slots and held deliveries, and their number."""

    pool: str
    slots: int
    held: int
    workers: int


class WorkerRow(msgspec.Struct, frozen=True):
    """A living worker as the API shows it. `datasources`: None if it is of a release that does not say."""

    worker_id: str
    pools: list[str]
    datasources: list[str] | None
    slots: int
    running: int
    last_heartbeat: datetime
    started_at: datetime


SQL = Statements("foliot.common.ledger", "workers.sql", rows={"sum_slots": PoolSlots, "list_workers": WorkerRow})


class Workers:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def beat_worker(self, claim: int, offer: Offer, running: int, held: int) -> None:
        pools, sources = list(offer.pools), list(offer.datasources)
        await self._session.execute(SQL.beat_worker, claim, offer.worker_id, pools, offer.slots, running, held, sources)

    async def forget_worker(self, claim: int) -> None:
        await self._session.execute(SQL.forget_worker, claim)

    async def select_dead_claims(self, lease: float) -> list[int]:
        """The claim tokens of processes that have been silent for `lease` seconds."""
        return await self._session.column(SQL.select_dead_claims, lease)

    async def select_stray_claims(self) -> list[int]:
        """The claim tokens that hold running executions and that no worker has."""
        return await self._session.column(SQL.select_stray_claims)

    async def forget_dead_claims(self, claims: Sequence[int], lease: float) -> int:
        """Forget those that hold nothing and have been dead for a minute."""
        return await self._session.execute(SQL.forget_dead_claims, list(claims), lease)

    async def sum_slots(self, lease: float) -> list[PoolSlots]:
        """The slots of each pool, of workers with a heartbeat in the last `lease` seconds."""
        return await self._session.read(SQL.sum_slots, lease)

    async def list_workers(self, lease: float) -> list[WorkerRow]:
        return await self._session.read(SQL.list_workers, lease)
