"""Months ahead: partitions are there before they are needed."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from foliot.scheduler import events
from foliot.scheduler.unit import UnitsOfWork

MONTHS_AHEAD = timedelta(days=62)
"""Partitions are there for at least two months from now: one month is the time to notice that they are not made."""
MONTH_BEHIND = timedelta(days=31)
"""A tick of the previous month may still be caught up."""
TABLES = ("executions", "audit_logs")
_log = structlog.get_logger()


class Partitions:
    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    async def step(self) -> None:
        """The previous month to two months ahead; a new leader asks before it plans."""
        async with self._database.session() as unit:
            now = await unit.server.select_now()
        await self.make(now)

    async def make(self, now: datetime) -> int:
        """How many months were missing."""
        made = 0
        for table in TABLES:
            async with self._database.transaction() as unit:
                count = await unit.months.ensure_partitions(table, now - MONTH_BEHIND, now + MONTHS_AHEAD)
            if count:
                _log.info(events.PARTITIONS_MADE, table=table, made=count)
            made += count
        return made
