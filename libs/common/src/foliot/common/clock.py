"""Time as an argument. The database's clock decides what is due; these only sleep and measure."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

_RFC3339 = "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ"
"""Half of what `isoformat` costs for a time with a zone."""


class Clock(Protocol):
    """What decides or waits takes one of these, so that a simulation can drive it."""

    def now(self) -> datetime:
        """Wall clock, aware UTC."""
        ...

    def elapsed(self) -> float:
        """Seconds that never jump and go on while the machine is suspended."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def elapsed(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def rfc3339(moment: datetime) -> str:
    """RFC 3339 UTC with six digits and `Z`, the only form in which Foliot writes a time."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return _RFC3339 % (utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond)
