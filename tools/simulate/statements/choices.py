"""Choices: the next step and the faults, drawn from a seed.

Two ways to draw: uniform, which mixes everything, and by priorities that change a few times (PCT: Burckhardt and others,
2010), which lets one process run far ahead of another and so finds deep orders sooner.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol

from simulate.statements.step import Fault

Waiting = Sequence[tuple[str, str]]
"""The process and the label of each step that waits, in a fixed order."""


class Choice(Protocol):
    def next(self, waiting: Waiting) -> int: ...

    def fault(self, process: str, label: str) -> Fault: ...

    def victim(self, count: int) -> int: ...


class Seeded:
    """`faults`: the share of steps that meet one. `calm`: draws at which the process that went last goes on."""

    def __init__(self, seed: int, *, faults: float, calm: frozenset[int] = frozenset()) -> None:
        self._random = random.Random(seed)
        self._faults = faults
        self._spared = False
        self._ranks: dict[str, float] = {}
        self._changes = {self._random.randrange(400) for _ in range(3)} if self._random.random() < 0.5 else None
        self._calm = calm
        self._last = ""
        self.drawn = 0

    def next(self, waiting: Waiting) -> int:
        self.drawn += 1
        place = self._draw(waiting)
        if self.drawn in self._calm:
            place = next((n for n, (process, _) in enumerate(waiting) if process == self._last), place)
        self._last = waiting[place][0]
        return place

    def _draw(self, waiting: Waiting) -> int:
        if self._changes is None:
            return self._random.randrange(len(waiting))
        for process, _ in waiting:
            self._ranks.setdefault(process, self._random.random())
        first = max(range(len(waiting)), key=lambda n: self._ranks[waiting[n][0]])
        if self.drawn in self._changes:
            self._ranks[waiting[first][0]] = -self._random.random()
        return first

    def fault(self, process: str, label: str) -> Fault:
        if self._spared or self._random.random() >= self._faults:
            return Fault.NONE
        return self._random.choice(list(Fault)[1:])

    def victim(self, count: int) -> int:
        return self._random.randrange(count)

    def spare(self, spared: bool) -> None:
        """While spared, nothing fails."""
        self._spared = spared
