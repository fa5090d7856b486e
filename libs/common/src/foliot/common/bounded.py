"""A bounded await of a library that cancels on its own, or is silent for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

_Result = TypeVar("_Result")


async def done_within(awaitable: Awaitable[_Result], seconds: float) -> asyncio.Future[_Result] | None:
    """The finished call, however it ended (a cancellation by the library included); None after `seconds` of silence."""
    call = asyncio.ensure_future(awaitable)
    try:
        done, _ = await asyncio.wait({call}, timeout=seconds)
    except asyncio.CancelledError:
        call.cancel()
        raise
    if not done:
        call.cancel()
        return None
    return call
