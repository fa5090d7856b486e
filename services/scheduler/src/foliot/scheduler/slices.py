"""Slices: a long computation in the event loop stops after each slice, so that other tasks get their turn."""

from __future__ import annotations

import asyncio

from foliot.common.clock import Clock

CPU_SLICE = 0.01
"""Seconds of computing between two turns of the event loop. No callback may hold the loop for more than 0.05 s."""


class Slices:
    """The slices of one computation. Each pass of its loop says `if slices.over(): await slices.turn()`."""

    def __init__(self, clock: Clock) -> None:
        self._elapsed = clock.elapsed
        self._end = clock.elapsed() + CPU_SLICE

    def over(self) -> bool:
        """True if the slice has taken CPU_SLICE seconds."""
        return self._elapsed() > self._end

    async def turn(self) -> None:
        """Let other tasks run once, then begin the next slice."""
        await asyncio.sleep(0)
        self._end = self._elapsed() + CPU_SLICE
