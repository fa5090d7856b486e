"""LISTEN: a hint that something was created, edited or asked for. Never a fact: polling finds everything too."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import structlog

from foliot.common.clock import Clock
from foliot.common.ledger.wakeup import CHANNEL
from foliot.scheduler import events

CHECK_EVERY = 5.0
_log = structlog.get_logger()


async def listen(url: str, wakes: list[asyncio.Event], clock: Clock) -> None:
    """Set every event of `wakes` at each hint, until cancelled; reconnects by itself."""
    while True:
        try:
            await _listen_once(url, wakes, clock)
        except Exception as error:  # a hint that is lost costs milliseconds, whatever the driver raises
            _log.warning(events.LISTEN_LOST, error=error)
        await clock.sleep(1.0)


async def _listen_once(url: str, wakes: list[asyncio.Event], clock: Clock) -> None:
    def wake(*_args: Any) -> None:
        for event in wakes:
            event.set()

    connection = await asyncpg.connect(url, timeout=5, command_timeout=5)
    try:
        await connection.add_listener(CHANNEL, wake)
        while True:
            wake()
            await clock.sleep(CHECK_EVERY)
            await connection.execute("SELECT 1")
    finally:
        connection.terminate()
