"""The clock of a simulated machine: the product's own, over a loop whose time is a number."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from foliot.common.clock import SystemClock

START = datetime(2026, 1, 1, tzinfo=UTC)
"""The wall time at which each story begins."""


class VirtualClock(SystemClock):
    """Waits and timers are SystemClock's; both times are the loop's."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())

    def elapsed(self) -> float:
        return self._loop.time()
