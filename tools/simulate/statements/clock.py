"""The clock of a story: PostgreSQL's and every process's. It stands still until the story moves it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from foliot.common.clock import Timer
from simulate.statements.gate import Gate


class StoryTimer:
    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class StoryTime:
    """The one time of a story, and the timers that wait for it."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.now = start
        self.timers: list[StoryTimer] = []

    def elapsed(self) -> float:
        return 1_000.0 + (self.now - self.start).total_seconds()

    def pass_to(self, at: datetime) -> None:
        self.now = at
        due = [timer for timer in self.timers if timer.when <= self.elapsed()]
        self.timers = [timer for timer in self.timers if timer.when > self.elapsed()]
        for timer in due:
            if not timer.cancelled:
                timer.callback()


class ProcessClock:
    """The Clock of one process. A pause is a step that any other step may overtake; a wait for an event has no timeout,
    because time stands still."""

    def __init__(self, time: StoryTime, gate: Gate, process: str) -> None:
        self._time = time
        self._gate = gate
        self._process = process

    def now(self) -> datetime:
        return self._time.now

    def elapsed(self) -> float:
        return self._time.elapsed()

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            step = await self._gate.enter(self._process, "pause", idle=True)
            step.leave()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        await event.wait()
        return True

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        timer = StoryTimer(when, callback)
        self._time.timers.append(timer)
        return timer
