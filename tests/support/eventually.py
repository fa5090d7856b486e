"""Waiting for an event that can only be looked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

_Result = TypeVar("_Result")


async def eventually(look: Callable[[], Awaitable[_Result]], *, within: float = 10, every: float = 0.05) -> _Result:
    """The first result of `look` that raises no AssertionError; the last AssertionError when `within` s have passed."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        try:
            return await look()
        except AssertionError:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(every)
