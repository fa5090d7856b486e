"""Gauges of the whole cluster, read from PostgreSQL and RabbitMQ and exported by the leader only."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Set
from datetime import datetime, timedelta
from typing import TypeVar

from prometheus_client import Gauge

from foliot.common.broker.guard import Down, Rejected
from foliot.common.broker.topology import DEAD_LETTER_QUEUE, PENDING_JOBS, PRIORITIES, class_of, topology
from foliot.common.ledger.dispatch import Backlog
from foliot.scheduler import metrics
from foliot.scheduler.unit import Unit, UnitsOfWork

LARGEST_BACKLOG = 100_000
"""Most rows of one pool and priority that are counted: a longer backlog is shown as this many."""
_Label = TypeVar("_Label", str, tuple[str, ...])


class Gauges:
    """Reads and sets the gauges."""

    INTERVAL = 5.0
    """Seconds between two readings: no more than the usual intervals at which metrics are scraped."""

    def __init__(
        self,
        database: UnitsOfWork,
        ready_messages: Callable[[str], Awaitable[int]],
        pools: Set[str],
        *,
        lease: float,
    ) -> None:
        """`pools`: those whose queues the broker has, a set that may grow. `lease`: seconds of silence after which a
        worker counts as lost."""
        self._database = database
        self._ready_messages = ready_messages
        self._pools = pools
        self._lease = lease

    async def step(self) -> None:
        """Set all gauges and show them. Raises Unavailable if PostgreSQL is away."""
        async with self._database.session() as unit:
            due = await unit.plan.select_next_run_time()
            now = due.now
            self._set_waiting(await unit.dispatch.count_backlog(LARGEST_BACKLOG), now)
            metrics.QUEUE_DEPTH.labels(DEAD_LETTER_QUEUE).set(await unit.dead_letters.count_open())
            metrics.OLDEST_DUE.set(_age(due.next_run_time, now))
            metrics.WORKERS_ALIVE.set(len(await unit.workers.list_workers(self._lease)))
            await self._look_at_server(unit, now)
        await self._ask_broker()
        metrics.CLUSTER.shown = True

    def _set_waiting(self, rows: list[Backlog], now: datetime) -> None:
        pools: Counter[str] = Counter(dict.fromkeys(self._pools, 0))
        oldest: dict[tuple[str, ...], float] = {(pool, cls.value): 0.0 for pool in self._pools for cls in PRIORITIES}
        for row in rows:
            pools[row.pool] += row.depth
            key = (row.pool, class_of(row.priority).value)
            oldest[key] = max(oldest.get(key, 0.0), _age(row.available_at, now))
        _show(metrics.QUEUE_DEPTH_BY_POOL, pools)
        _show(metrics.QUEUE_OLDEST_BY_CLASS, oldest)
        metrics.QUEUE_DEPTH.labels(PENDING_JOBS).set(pools.total())
        metrics.QUEUE_OLDEST.labels(PENDING_JOBS).set(max(oldest.values(), default=0.0))
        metrics.OUTBOX.set(sum(row.undispatched for row in rows))

    async def _look_at_server(self, unit: Unit, now: datetime) -> None:
        _show(metrics.TABLE_ROWS, {row.table: row.rows for row in await unit.server.estimate_rows()})
        replicas = await unit.server.select_replicas()
        metrics.REPLICAS.set(len(replicas))
        _show(metrics.REPLICA_LAG, {row.replica: row.seconds for row in replicas})
        _show(metrics.REPLICA_LAG_BYTES, {row.replica: row.bytes for row in replicas})
        ends = await unit.months.select_partition_ends()
        _show(metrics.PARTITION_RUNWAY, {row.table: (row.until - now).total_seconds() for row in ends})

    async def _ask_broker(self) -> None:
        """Set the gauge of RabbitMQ's own count. While RabbitMQ is away it has no values."""
        counts = {}
        with contextlib.suppress(Down, Rejected):
            for queue in topology(self._pools):
                counts[queue.name] = await self._ready_messages(queue.name)
        _show(metrics.QUEUE_MESSAGES, counts)

    def clear(self) -> None:
        """Stop showing the gauges, because this process is a standby now."""
        metrics.CLUSTER.shown = False


def _show(gauge: Gauge, values: Mapping[_Label, float]) -> None:
    """Set these values of a gauge and remove all others."""
    gauge.clear()
    for label, value in values.items():
        gauge.labels(*((label,) if isinstance(label, str) else label)).set(value)


def _age(moment: datetime | None, now: datetime) -> float:
    """Seconds since a moment, 0 if it lies ahead or there is none."""
    return max(0.0, (now - moment) / timedelta(seconds=1)) if moment else 0.0
