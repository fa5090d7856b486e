"""Cluster-wide gauges, exported by the leader only."""

from __future__ import annotations

from datetime import datetime

from foliot.common.database import UnitsOfWork
from foliot.common.topology import DEAD_LETTER_QUEUE, PENDING_JOBS
from foliot.scheduler import metrics


class Gauges:
    def __init__(self, database: UnitsOfWork, *, lease: float) -> None:
        self._database = database
        self._lease = lease
        self._pools: set[str] = set()

    async def step(self) -> None:
        async with self._database.session() as unit:
            now = await unit.leader.select_now()
            waiting = {row["queue"]: row for row in await unit.executions.oldest_available()}
            dead_letters = await unit.dead_letters.count_open()
            workers = await unit.workers.list_workers(self._lease)
            rows = await unit.leader.estimate_rows()
        self._pools |= set(waiting)
        for pool in self._pools:
            metrics.QUEUE_DEPTH_BY_POOL.labels(pool).set(waiting[pool]["depth"] if pool in waiting else 0)
        metrics.QUEUE_DEPTH.labels(PENDING_JOBS).set(sum(row["depth"] for row in waiting.values()))
        metrics.QUEUE_DEPTH.labels(DEAD_LETTER_QUEUE).set(dead_letters)
        metrics.QUEUE_OLDEST.labels(PENDING_JOBS).set(_age(now, [row["available_at"] for row in waiting.values()]))
        metrics.WORKERS_ALIVE.set(len(workers))
        for table, count in rows.items():
            metrics.TABLE_ROWS.labels(table).set(count)

    def clear(self) -> None:
        """A standby shows nothing."""
        for gauge in (
            metrics.QUEUE_DEPTH,
            metrics.QUEUE_DEPTH_BY_POOL,
            metrics.QUEUE_OLDEST,
            metrics.TABLE_ROWS,
        ):
            gauge.clear()


def _age(now: datetime, moments: list[datetime]) -> float:
    return max(0.0, (now - min(moments)).total_seconds()) if moments else 0.0
