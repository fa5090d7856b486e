"""Presence: the heartbeat of a scheduler in PostgreSQL.

It tells the others whether this one plans, and its answer tells this one whether any does, and whether PostgreSQL's
clock jumped. It also watches whether ZooKeeper confirms the leader.
"""

from __future__ import annotations

import asyncio

import structlog

from foliot.common.clock import Clock
from foliot.common.errors import Unavailable
from foliot.scheduler import events, metrics
from foliot.scheduler.clock_watch import ClockWatch
from foliot.scheduler.last_planned import LastPlanned
from foliot.scheduler.leadership import Leadership
from foliot.scheduler.unit import UnitsOfWork

FORGET_WITHIN = 2.0
"""Seconds that the last write of a stopping scheduler may take."""
_log = structlog.get_logger()


class Presence:
    """The heartbeat of this scheduler in PostgreSQL."""

    INTERVAL = 3.0
    """Seconds between two heartbeats. The API shows schedulers that were heard of within 15 s."""

    def __init__(
        self,
        database: UnitsOfWork,
        leadership: Leadership,
        last_planned: LastPlanned,
        clock: Clock,
        *,
        scheduler_id: str,
    ) -> None:
        self._database = database
        self._leadership = leadership
        self._last_planned = last_planned
        self._clock = clock
        self._clock_watch = ClockWatch()
        self._scheduler_id = scheduler_id
        self._was_confirmed = True

    async def step(self) -> None:
        """Write a heartbeat; a leader also removes schedulers that are long silent. Raises Unavailable if PostgreSQL is
        away."""
        self._watch_confirmation()
        async with self._database.session() as unit:
            asked_at = self._clock.elapsed()
            beat = await unit.terms.beat_scheduler(self._scheduler_id, self._leadership.planned_ago)
            self._clock_watch.note(beat.now, asked_at, self._clock.elapsed())
            self._last_planned.note(beat.planned_ago)
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
