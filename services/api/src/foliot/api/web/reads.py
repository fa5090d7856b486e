"""Reads of lists: from the replica while it is at most two seconds behind, else from the primary."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from foliot.api.queries.unit import Unit, UnitsOfWork
from foliot.common.clock import Clock
from foliot.common.errors import Busy, Unavailable

MAX_STALE_SECONDS = 2.0
"""A replica that is further behind is not read: lists are promised to be at most so old."""
PROBE_SECONDS = 0.25
"""Interval of comparing the replica with the primary: between two comparisons the known staleness grows."""
LISTS_AT_ONCE = 8
"""Lists that are read at any time: each may hold some megabytes until its answer is made, and takes a connection that
changes need too."""
WAIT_SECONDS = 4.0
"""Time for which a list waits for its turn, as long as a statement may take."""
STALENESS = "X-Foliot-Staleness"
_Result = TypeVar("_Result")


class ReadReplica:
    """A replica and its staleness, measured from the newest WAL position of the primary that it is known to have
    replayed.

    Whatever breaks (the replica, its stream, the primary), no newer position is known and the staleness grows.
    """

    def __init__(self, primary: UnitsOfWork, replica: UnitsOfWork, clock: Clock) -> None:
        self.database = replica
        self._primary = primary
        self._clock = clock
        self._positions: deque[tuple[float, int]] = deque(maxlen=int(MAX_STALE_SECONDS / PROBE_SECONDS) * 2)
        """(time of the probe, position of the primary then), not yet replayed; older ones would be too stale."""
        self._complete_at = -math.inf
        """The replica shows all that was committed before this time."""

    async def step(self) -> None:
        at = self._clock.elapsed()
        async with self._primary.session() as unit:
            self._positions.append((at, await unit.replication.select_written()))
        async with self.database.session() as unit:
            replayed = await unit.replication.select_replayed()
        while self._positions and self._positions[0][1] <= replayed:
            self._complete_at = self._positions.popleft()[0]

    def staleness(self) -> float:
        """Seconds, an upper bound."""
        return self._clock.elapsed() - self._complete_at


class Reads:
    """The database that a list is read from: without a replica always the primary."""

    def __init__(self, primary: UnitsOfWork, replica: ReadReplica | None = None) -> None:
        self._primary = primary
        self._replica = replica
        self._turns = asyncio.Semaphore(LISTS_AT_ONCE)

    async def read(
        self, request: web.Request, work: Callable[[Unit], Awaitable[_Result]]
    ) -> tuple[_Result, dict[str, str]]:
        """The result of `work`, which may be called twice, and the header that says how many seconds old it may be.
        Raises Busy if others keep all turns."""
        async with self._turn():
            return await self._read(request, work)

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._turns.locked():
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._turns.acquire()
            except TimeoutError:
                raise Busy("too many lists are being read: try again") from None
        else:
            await self._turns.acquire()
        try:
            yield
        finally:
            self._turns.release()

    async def _read(
        self, request: web.Request, work: Callable[[Unit], Awaitable[_Result]]
    ) -> tuple[_Result, dict[str, str]]:
        replica = self._replica
        if replica is not None and "no-cache" not in request.headers.get("Cache-Control", "").lower():
            staleness = replica.staleness()
            if staleness <= MAX_STALE_SECONDS:
                try:
                    async with replica.database.session() as unit:
                        return await work(unit), {STALENESS: f"{staleness:.3f}"}
                except Unavailable:  # it is away, or replay cancelled the query
                    pass
        async with self._primary.session() as unit:
            return await work(unit), {STALENESS: "0"}
