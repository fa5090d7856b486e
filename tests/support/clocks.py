"""A clock that a test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from foliot.common.clock import Timer


class ManualTimer:
    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when, self.callback = when, callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class ManualClock:
    """Time stands still until `advance`."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 1_000.0
        self._timers: list[ManualTimer] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed - 1_000.0)

    def elapsed(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        self._elapsed += seconds
        await asyncio.sleep(0)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        await self.sleep(seconds)
        return event.is_set()

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        self._timers.append(timer := ManualTimer(when, callback))
        return timer

    @property
    def armed(self) -> list[float]:
        """Times at which the timers that are set will ring."""
        return [timer.when for timer in self._timers if not timer.cancelled]

    def advance(self, seconds: float) -> None:
        self._elapsed += seconds
        for timer in [t for t in self._timers if t.when <= self._elapsed and not t.cancelled]:
            self._timers.remove(timer)
            timer.callback()
