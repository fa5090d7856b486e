"""Lists come from the replica as long as it is at most two seconds behind, else from the primary."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from aiohttp import web

from foliot.api.queries.unit import Unit, UnitsOfWork
from foliot.common.clock import Clock
from foliot.common.errors import Unavailable

MOST_STALE = 2.0
INTERVAL = 0.25
STALENESS = "X-Foliot-Staleness"
_Result = TypeVar("_Result")


class Replica:
    """A replica, and since when it shows everything: the last moment of which the primary's position was replayed.

    Whatever breaks (the replica, its stream, the primary), the moment stays where it is and the replica grows stale.
    """

    def __init__(self, primary: UnitsOfWork, replica: UnitsOfWork, clock: Clock) -> None:
        self.database = replica
        self._primary = primary
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque(maxlen=int(MOST_STALE / INTERVAL) * 2)
        self._complete_at = -math.inf

    async def step(self) -> None:
        at = self._clock.elapsed()
        async with self._primary.session() as unit:
            self._marks.append((at, await unit.replication.select_written()))
        async with self.database.session() as unit:
            replayed = await unit.replication.select_replayed()
        while self._marks and self._marks[0][1] <= replayed:
            self._complete_at = self._marks.popleft()[0]

    def staleness(self) -> float:
        """Seconds, an upper bound."""
        return self._clock.elapsed() - self._complete_at


class Reads:
    """Where a list is read: `replica` None means always from the primary."""

    def __init__(self, primary: UnitsOfWork, replica: Replica | None = None) -> None:
        self._primary = primary
        self._replica = replica

    async def read(
        self, request: web.Request, work: Callable[[Unit], Awaitable[_Result]]
    ) -> tuple[_Result, dict[str, str]]:
        """What `work` gives, and the header that says how old it may be, in seconds. `work` may be called twice."""
        replica = self._replica
        if replica is not None and "no-cache" not in request.headers.get("Cache-Control", "").lower():
            staleness = replica.staleness()
            if staleness <= MOST_STALE:
                try:
                    async with replica.database.session() as unit:
                        return await work(unit), {STALENESS: f"{staleness:.3f}"}
                except (Unavailable, asyncpg.SerializationError):  # away, or the query stood in the way of replay
                    pass
        async with self._primary.session() as unit:
            return await work(unit), {STALENESS: "0"}
