"""Timeouts: one timer of the event loop for all attempts.

It is set for the earliest deadline. An attempt that ends before its own, as nearly all do, costs no timer.
"""

from __future__ import annotations

import asyncio
import math

from foliot.worker.running import TIMED_OUT, Running


class Timeouts:
    def __init__(self, running: Running) -> None:
        self._running = running
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = math.inf

    def watch(self, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        """An attempt's deadline is `deadline`, or an earlier one than any that is known."""
        if deadline < self._rings_at:
            if self._timer is not None:
                self._timer.cancel()
            self._rings_at = deadline
            self._timer = loop.call_at(deadline, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop what has run for too long; it has its grace, and is not asked twice."""
        self._timer, self._rings_at = None, math.inf
        now = loop.time()
        for entry in self._running.entries():
            if entry.deadline <= now:
                entry.deadline = math.inf
                if entry.task is not None and not entry.task.done():
                    entry.stop(TIMED_OUT)
        earliest = min((entry.deadline for entry in self._running.entries()), default=math.inf)
        if earliest < math.inf:
            self.watch(loop, earliest)
