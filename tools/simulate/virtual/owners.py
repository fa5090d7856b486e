"""Owners of steps: each callback of the loop belongs to a task, and each task to a process that can pause or die."""

from __future__ import annotations

import contextvars
from asyncio import Handle, Task
from collections import deque
from collections.abc import Callable
from typing import Any


class Process:
    """One simulated process. While it is stopped (SIGSTOP) none of its steps runs, but time goes on; one that is killed
    (SIGKILL) stays stopped. After the next step of a task named `awaited`, amid a turn, `strike` is called."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stopped = False
        self.killed = False
        self.stopped_at = self.resumed_at = float("-inf")
        self.awaited = ""
        self.strike: Callable[[], None] = lambda: None
        self.held: list[Owner] = []
        self.kept: set[Task[Any]] = set()


class Owner:
    """A task, or a server of the model: its callbacks run in the order in which they came.

    `number` does not depend on the order of sets, which differs from run to run; `label` is the task's name without its
    numbers.
    """

    __slots__ = ("drawn", "held", "label", "line", "number", "process")

    def __init__(self, number: int, process: Process, label: str) -> None:
        self.number = number
        self.process = process
        self.label = label
        self.line: deque[Handle] = deque()
        self.drawn = 0
        self.held = False


OWNER: contextvars.ContextVar[Owner] = contextvars.ContextVar("owner")
