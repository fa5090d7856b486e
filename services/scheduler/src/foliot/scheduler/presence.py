"""Presence: the heartbeat of a scheduler, for the API to show, and whether ZooKeeper confirms it as leader."""

from __future__ import annotations

import asyncio

import structlog

from foliot.common.errors import Unavailable
from foliot.scheduler import events, metrics
from foliot.scheduler.leadership import Leadership
from foliot.scheduler.unit import UnitsOfWork

FORGET_WITHIN = 2.0
"""Seconds that the last write of a stopping scheduler may take."""
_log = structlog.get_logger()


class Presence:
    """The heartbeat of this scheduler in PostgreSQL."""

    INTERVAL = 3.0
    """Seconds between two heartbeats. The API shows schedulers that were heard of within 15 s."""

    def __init__(self, database: UnitsOfWork, leadership: Leadership, scheduler_id: str) -> None:
        self._database = database
        self._leadership = leadership
        self._scheduler_id = scheduler_id
        self._was_confirmed = True

    async def step(self) -> None:
        """Write a heartbeat; a leader also removes schedulers that are long silent. Raises Unavailable if PostgreSQL is
        away."""
        self._watch_confirmation()
        async with self._database.session() as unit:
            await unit.terms.beat_scheduler(self._scheduler_id)
            if self._leadership.term is not None:
                await unit.terms.forget_silent_schedulers()

    def _watch_confirmation(self) -> None:
        confirmed = self._leadership.confirmed or self._leadership.term is None
        metrics.CONFIRMED.set(1 if self._leadership.confirmed else 0)
        if self._was_confirmed and not confirmed:
            _log.warning(events.LEADER_UNCONFIRMED, term=self._leadership.term)
        self._was_confirmed = confirmed

    async def forget(self) -> None:
        """Remove this scheduler at a graceful stop. One that died is removed for its silence."""
        try:
            async with asyncio.timeout(FORGET_WITHIN), self._database.session() as unit:
                await unit.terms.forget_scheduler(self._scheduler_id)
        except (Unavailable, TimeoutError):
            pass
