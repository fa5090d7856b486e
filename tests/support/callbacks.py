"""How much CPU the callbacks of this thread's event loop use, each for itself."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import Iterator
from typing import Any
from unittest import mock


class Callbacks:
    """`slowest` in CPU seconds, and what it was."""

    def __init__(self) -> None:
        self.slowest = 0.0
        self.what = ""
        self.count = 0


@contextlib.contextmanager
def watched_callbacks() -> Iterator[Callbacks]:
    """Measures each callback while the block lasts, on asyncio's own loop, with the garbage collector as in a service."""
    seen = Callbacks()
    run = asyncio.Handle._run

    def measured(handle: Any) -> None:
        begin = time.thread_time()
        run(handle)
        spent = time.thread_time() - begin
        seen.count += 1
        if spent > seen.slowest:
            seen.slowest, seen.what = spent, repr(handle)

    gc.collect()
    gc.freeze()
    try:
        with mock.patch.object(asyncio.Handle, "_run", measured):
            yield seen
    finally:
        gc.unfreeze()
