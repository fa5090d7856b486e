"""Timeouts: one timer for all attempts, set for the earliest deadline.

Nearly all attempts end before their deadline; so most attempts cost no timer.
"""

from __future__ import annotations

import math

from foliot.common.clock import Clock, Timer
from foliot.worker.running import TIMED_OUT, Running


class Timeouts:
    """Stops attempts at the end of their timeout."""

    def __init__(self, running: Running, clock: Clock) -> None:
        self._running = running
        self._clock = clock
        self._timer: Timer | None = None
        self._rings_at = math.inf

    def watch(self, deadline: float) -> None:
        """Ring at `deadline` (by the clock's elapsed()), unless an earlier one is known."""
        if deadline < self._rings_at:
            if self._timer is not None:
                self._timer.cancel()
            self._rings_at = deadline
            self._timer = self._clock.call_at(deadline, self._ring)

    def _ring(self) -> None:
        """Stop each attempt whose deadline has come. It has its grace, and is not asked twice."""
        self._timer, self._rings_at = None, math.inf
        now = self._clock.elapsed()
        for entry in self._running.entries():
            if entry.deadline <= now:
                entry.deadline = math.inf
                if entry.task is not None and not entry.task.done():
                    entry.stop(TIMED_OUT)
        earliest = min((entry.deadline for entry in self._running.entries()), default=math.inf)
        if earliest < math.inf:
            self.watch(earliest)
