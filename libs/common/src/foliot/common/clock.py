"""Time as an argument: waits and deadlines go through a Clock, so that a simulation can drive them.

The database's clock alone decides what is due; these clocks only sleep and measure.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

_RFC3339 = "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ"
"""RFC 3339 by %-formatting: twice as fast as `isoformat` on aware datetimes."""


class Timer(Protocol):
    """A callback that will be called, unless it is cancelled."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """The time of a process."""

    def now(self) -> datetime:
        """Wall clock, aware UTC."""
        ...

    def elapsed(self) -> float:
        """Seconds of a clock that never jumps and keeps running while the machine is suspended."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait until the event is set, at most `seconds`. Returns True if it is set."""
        ...

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call back when `elapsed()` has reached `when`."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def elapsed(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()
        return event.is_set()

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(when - self.elapsed(), callback)


async def first_of(clock: Clock, *awaitables: Awaitable[object], timeout: float | None = None) -> None:
    """Wait until one is done, or until `timeout` seconds have passed. Other waits are cancelled, but no future is."""
    waits = awaitables if timeout is None else (*awaitables, clock.sleep(timeout))
    given = {a: asyncio.ensure_future(a) for a in waits}
    try:
        await asyncio.wait(given.values(), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for awaitable, task in given.items():
            if awaitable is not task and not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


def rfc3339(moment: datetime) -> str:
    """RFC 3339 UTC with six digits and `Z`, the only form in which Foliot writes a time."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return _RFC3339 % (utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond)
