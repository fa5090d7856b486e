"""The network between a process and a server, and what can happen to a request on it.

Faults by kind, for a server `pg`: `pg-refuse` (an error at once, nothing done), `pg-slow` (each way takes up to
SLOW s more), `pg-mute` (done, and no answer ever), `pg-reset` (done, and an error for an answer), `pg-hold` (arrives, and
is done, only when the fault is over, however long the caller has been gone).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from simulate.virtual.story import Stage

Reply = Callable[[Any], None]
"""Takes the result of a request, an Exception among them, to the caller."""
NEAR = 0.004
"""Most seconds of one way on a healthy network."""
SLOW = 1.6
KINDS = ("refuse", "slow", "mute", "reset", "hold")


class Network:
    """One server's network. `away` makes the error of a caller whose connection broke."""

    def __init__(self, stage: Stage, server: str, away: Callable[[str], Exception]) -> None:
        self._stage = stage
        self._kinds = {kind: f"{server}-{kind}" for kind in KINDS}
        self._away = away
        self._context = stage.loop.context_of(stage.loop.world, server)
        self._delay = stage.rng.random

    def request(self, target: int, act: Callable[[Reply], None]) -> asyncio.Future[Any]:
        """Send a request; `act` runs when it arrives, and replies at once or later. The future stays open if no answer
        comes."""
        answer: asyncio.Future[Any] = self._stage.loop.create_future()
        if self._holds("refuse", target):
            self._later(self._way(target), self._deliver, answer, self._away("refused"))
            return answer
        held = max(0.0, self._stage.until(self._kinds["hold"], target) - self._stage.now) if target >= 0 else 0.0
        self._later(held + self._way(target), act, lambda result: self._back(target, answer, result))
        return answer

    def _back(self, target: int, answer: asyncio.Future[Any], result: Any) -> None:
        if self._holds("mute", target):
            return
        if self._holds("reset", target):
            result = self._away("connection reset")
        self._later(self._way(target), self._deliver, answer, result)

    def _deliver(self, answer: asyncio.Future[Any], result: Any) -> None:
        if answer.done():
            return
        if isinstance(result, Exception):
            answer.set_exception(result)
            answer.exception()  # the caller may have gone: that is no error that was lost
        else:
            answer.set_result(result)

    def _way(self, target: int) -> float:
        slow = self._holds("slow", target)
        return self._delay() * NEAR + (self._delay() * SLOW if slow else 0.0)

    def _holds(self, kind: str, target: int) -> bool:
        return target >= 0 and self._stage.until(self._kinds[kind], target) > 0.0

    def _later(self, seconds: float, callback: Callable[..., None], *args: Any) -> None:
        self._stage.loop.call_later(seconds, callback, *args, context=self._context)
