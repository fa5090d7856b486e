"""Waits: requests that are answered when a run or an attempt has ended. Those of a process share one look."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import asyncpg
import msgspec

from foliot.api.queries.unit import UnitsOfWork
from foliot.api.web.call import Call
from foliot.common.clock import Clock
from foliot.common.errors import Unavailable

LOOK_EVERY_SECONDS = 0.5
"""Interval of the looks while anybody waits: one statement for all, however many they are."""
MAX_WAITING = 1_000
"""Requests that wait at once; one more is answered at once with the present state, as after its time."""


class WaitQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`wait`: seconds."""

    wait: Annotated[int, msgspec.Meta(ge=1, le=60, extra={"unit": "seconds"})] | None = None


class Awaited(NamedTuple):
    """A run, or one attempt of it."""

    job_id: int
    scheduled_time: datetime
    attempt_number: int | None


class _Waiter(msgspec.Struct, eq=False):
    """A request that waits. `over`: its wait has ended."""

    what: Awaited
    connected: Callable[[], bool]
    over: asyncio.Event


class Waits:
    def __init__(self, database: UnitsOfWork, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.waiting: set[_Waiter] = set()
        """The requests that wait now."""
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    async def end_of(self, call: Call[WaitQuery, Any], what: Awaited) -> None:
        """Returns when it has ended, when the time of the call is over, when its client has gone, or when the process
        stops."""
        if self._closed or len(self.waiting) >= MAX_WAITING:
            return
        waiter = _Waiter(what, lambda: _connected(call), asyncio.Event())
        self.waiting.add(waiter)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="waits", context=contextvars.Context())
        try:
            await self._clock.wait(waiter.over, call.query.wait or 0)
        finally:
            self.waiting.discard(waiter)

    async def close(self, _app: object = None) -> None:
        """The process stops: whoever waits is answered now."""
        self._closed = True
        for waiter in self.waiting:
            waiter.over.set()
        if self._looking is not None:
            self._looking.cancel()

    async def _look(self) -> None:
        while self.waiting:
            waiters = list(self.waiting)
            for place in await self._ended([waiter.what for waiter in waiters]):
                waiters[place - 1].over.set()
            for waiter in waiters:
                if not waiter.connected():
                    waiter.over.set()
            await self._clock.sleep(LOOK_EVERY_SECONDS)

    async def _ended(self, awaited: list[Awaited]) -> list[int]:
        """While PostgreSQL is away nothing has ended: the next look may see more."""
        try:
            async with self._database.session() as unit:
                return await unit.history.select_ended(awaited)
        except (Unavailable, asyncpg.PostgresError):
            return []


def _connected(call: Call[Any, Any]) -> bool:
    transport = call.request.transport
    return transport is not None and not transport.is_closing()
