"""A bounded await, for libraries that cancel calls on their own or never answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

_Result = TypeVar("_Result")


async def done_within(awaitable: Awaitable[_Result], seconds: float) -> asyncio.Future[_Result] | None:
    """The call once it has ended, even by a cancellation of the library; None after `seconds` without an end."""
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
