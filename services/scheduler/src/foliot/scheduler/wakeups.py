"""Wake-ups: PostgreSQL's NOTIFY hints that a job or a run was created or changed.

Polling finds the same a little later, so a hint that never arrives costs milliseconds.
"""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import structlog

from foliot.common.clock import Clock
from foliot.common.ledger.wakeup import CHANNEL
from foliot.scheduler import events

CHECK_INTERVAL = 5.0
"""Seconds between two checks of the listening connection: a dead one is silent, as one without news is."""
RECONNECT_AFTER = 1.0
"""Seconds until a new connection is tried after one has failed."""
TIMEOUT = 5.0
"""Seconds that connecting, and each check, may take."""
_log = structlog.get_logger()


async def listen(url: str, wakes: list[asyncio.Event], clock: Clock) -> None:
    """Set every event of `wakes` at each hint, until cancelled. Reconnects by itself and raises nothing."""
    while True:
        try:
            await _listen_once(url, wakes, clock)
        except Exception as error:  # whatever the driver raises, polling goes on
            _log.warning(events.LISTEN_LOST, error=error)
        await clock.sleep(RECONNECT_AFTER)


async def _listen_once(url: str, wakes: list[asyncio.Event], clock: Clock) -> None:
    def wake(*_args: Any) -> None:
        for event in wakes:
            event.set()

    connection = await asyncpg.connect(url, timeout=TIMEOUT, command_timeout=TIMEOUT)
    try:
        await connection.add_listener(CHANNEL, wake)
        while True:
            wake()
            await clock.sleep(CHECK_INTERVAL)
            await connection.execute("SELECT 1")
    finally:
        connection.terminate()
