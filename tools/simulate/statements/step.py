"""A step of a story, and the ways in which it can end."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from enum import Enum

ACT: ContextVar[int] = ContextVar("act", default=0)
"""The number of the act of the story from which the code that runs comes."""


class Crash(BaseException):
    """The process of this step is gone. No `except Exception` of the product may catch it."""


class Stuck(Exception):
    """Nothing can go on, or too much went on."""


class Fault(Enum):
    """What happens to a step instead of its plain end."""

    NONE = "."
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    CUT_BEFORE = "cut before"
    CUT_AFTER = "cut after"


class Step:
    """One step of one process. `pid`: its connection's backend, None for a step that is no statement. `idle`: it keeps
    no round from ending (the end of an attempt's work, a pause). `order`: steps are told apart by it, not by who came
    first, which two that waited for the same lock leave to chance."""

    __slots__ = ("act", "done", "fault", "idle", "label", "number", "permit", "pid", "process")

    def __init__(self, process: str, label: str, pid: int | None, idle: bool) -> None:
        loop = asyncio.get_running_loop()
        self.act = ACT.get()
        self.process = process
        self.label = label
        self.pid = pid
        self.idle = idle
        self.number = 0
        self.fault = Fault.NONE
        self.permit: asyncio.Future[None] = loop.create_future()
        self.done: asyncio.Future[None] = loop.create_future()

    @property
    def order(self) -> tuple[str, str, int]:
        return self.process, self.label, self.act

    def leave(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
