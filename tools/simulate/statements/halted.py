"""Backends that stand behind a lock are halted while it may become free, and then go on one by one.

Of two that wait for the same row PostgreSQL leaves it to chance who gets it: both wake at once. Halted, the first in
the queue goes on alone, so that a seed gives one order. These processes belong to the simulation's own server.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from operator import attrgetter

from simulate.statements.step import Step


class Halted:
    def __init__(self) -> None:
        self._steps: dict[int, Step] = {}
        self._behind: Mapping[int, Sequence[int]] = {}

    def __contains__(self, step: Step) -> bool:
        return step.pid in self._steps

    def halt(self, steps: Sequence[Step], behind: Mapping[int, Sequence[int]]) -> None:
        """`behind`: pid -> the backends it waits for."""
        self._behind = behind
        for step in steps:
            assert step.pid is not None
            os.kill(step.pid, signal.SIGSTOP)
            self._steps[step.pid] = step

    def let_one_go(self) -> bool:
        """Let the first one go on that waits for no halted one. False if none is halted."""
        if not self._steps:
            return False
        first = [step for pid, step in self._steps.items() if self._steps.keys().isdisjoint(self._behind.get(pid, ()))]
        step = min(first or self._steps.values(), key=attrgetter("order"))
        assert step.pid is not None
        del self._steps[step.pid]
        os.kill(step.pid, signal.SIGCONT)
        return True

    def let_all_go(self) -> None:
        while self.let_one_go():
            pass
