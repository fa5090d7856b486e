"""Time: the only place of this distribution that waits by the machine's clock."""

from __future__ import annotations

import time


def sleep(seconds: float) -> None:
    time.sleep(seconds)


async def pause(seconds: float) -> None:
    """`sleep` for tasks. asyncio is imported here, so that the command line never loads it."""
    import asyncio  # noqa: PLC0415

    await asyncio.sleep(seconds)
