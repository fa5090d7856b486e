"""Partitions: the months of history are made before anything needs them."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from foliot.common.ledger.again import again
from foliot.scheduler import events
from foliot.scheduler.unit import UnitsOfWork

MONTHS_AHEAD = timedelta(days=62)
"""Time from now for which months exist, two at least. If they can no longer be made, a month is left to notice it."""
MONTH_BEHIND = timedelta(days=31)
"""Time before now for which months exist: a tick of the previous month may still be caught up."""
TABLES = ("executions", "audit_logs")
"""The tables that are partitioned by month."""
_log = structlog.get_logger()


class Partitions:
    """Makes missing months. Takes no term: to make a month twice does no harm."""

    INTERVAL = 3600.0
    """Seconds between two looks. Months are made two ahead, so there is no hurry."""

    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    async def step(self) -> None:
        """Make the months from the previous one to two ahead. A new leader does this before it plans."""
        async with self._database.session() as unit:
            now = await unit.server.select_now()
        await self.make(now)

    async def make(self, now: datetime) -> int:
        """Make the months around `now`. Gives how many were missing."""
        made = 0
        for table in TABLES:
            count = await self._ensure(table, now)
            if count:
                _log.info(events.PARTITIONS_MADE, table=table, made=count)
            made += count
        return made

    @again
    async def _ensure(self, table: str, now: datetime) -> int:
        async with self._database.transaction() as unit:
            return await unit.months.ensure_partitions(table, now - MONTH_BEHIND, now + MONTHS_AHEAD)
