"""Served: the pools and data sources that living workers have, and what a job or a run needs beyond them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import asyncpg
import msgspec

from foliot.api.queries.unit import UnitsOfWork
from foliot.common.clock import Clock
from foliot.common.errors import FieldError, Unavailable
from foliot.common.ledger.workers import WorkerRow

SHOWN_SECONDS = 30.0
"""A worker counts as alive while its last heartbeat is no older than this. Nothing is decided by it: a worker is given
up, and its attempts are rescued, by the lease of the scheduler and the workers (FOLIOT_LEASE_SECONDS), which the API
does not have."""
LOOK_EVERY_SECONDS = 1.0
"""Least time between two looks of one process: creating jobs costs no statement more."""


class Fleet(msgspec.Struct, frozen=True):
    """pool -> the data sources of its workers, None if one of them does not say. `pools` None: not known."""

    pools: dict[str, frozenset[str] | None] | None = None

    def lacks(self, pool: str, datasource: str | None) -> FieldError | None:
        """The reason why no worker can run what needs these, at its field; None if one can."""
        if self.pools is None:
            return None
        if pool not in self.pools:
            return FieldError("pool", f"no worker serves the pool {pool}")
        sources = self.pools[pool]
        if datasource is None or sources is None or datasource in sources:
            return None
        return FieldError("payload.datasource", f"no worker of the pool {pool} has the data source {datasource}")


def fleet_of(workers: Iterable[WorkerRow]) -> Fleet:
    pools: dict[str, frozenset[str] | None] = {}
    for worker in workers:
        for pool in worker.pools:
            known = pools.get(pool, frozenset())
            sources = worker.datasources
            pools[pool] = None if known is None or sources is None else known | frozenset(sources)
    return Fleet(pools)


def datasource_of(job_type: str, payload: Any) -> str | None:
    """The data source that a job of this type names."""
    return payload.get("datasource") if job_type == "sql_query" and isinstance(payload, dict) else None


class Served:
    """The fleet as it was at most a second ago. One caller looks, which may need a connection beside the one of its
    transaction; the others answer with what is known until then. A look that fails changes nothing: no answer depends
    on it."""

    def __init__(self, database: UnitsOfWork, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known = Fleet()
        self._looked_at = -math.inf
        self._looks = False

    async def fleet(self) -> Fleet:
        if not self._looks and self._clock.elapsed() - self._looked_at >= LOOK_EVERY_SECONDS:
            self._looks = True
            try:
                await self._look()
            finally:
                self._looks, self._looked_at = False, self._clock.elapsed()
        return self._known

    async def _look(self) -> None:
        try:
            async with self._database.session() as unit:
                self._known = fleet_of(await unit.workers.list_workers(SHOWN_SECONDS))
        except (Unavailable, asyncpg.PostgresError):
            pass
