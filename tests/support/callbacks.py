"""The cost of each callback of this thread's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Iterator
from typing import Any
from unittest import mock

from support.costs import Cost


class Callbacks:
    """`slowest` is the cost of the costliest, `what` says which it was."""

    def __init__(self) -> None:
        self.slowest = 0.0
        self.what = ""
        self.count = 0


@contextlib.contextmanager
def watched_callbacks(cost: Cost) -> Iterator[Callbacks]:
    """Measures each callback while the block lasts, on asyncio's own loop, with the garbage collector as in a service."""
    seen = Callbacks()
    run = asyncio.Handle._run

    def measured(handle: Any) -> None:
        spent = cost(lambda: run(handle))
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
