"""Relay: the backlog goes out as the windows have room, by priority, then by the time at which it became available.

The backlog is the executions that are available and not dispatched. They wait in PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import attrgetter

from foliot.common.broker.topology import PriorityClass, class_of
from foliot.common.clock import Clock
from foliot.common.ledger.again import again
from foliot.common.ledger.dispatch import OpenWork
from foliot.common.model.execution import Handout
from foliot.scheduler.dispatcher import HAND_OUT_AHEAD, Dispatcher
from foliot.scheduler.unit import UnitsOfWork
from foliot.scheduler.windows import QueueKey, Windows

SHORTEST_SLEEP = 0.001
"""Seconds that the relay sleeps at least when it waits for a run to become available."""
FULL_SLEEP = 0.005
"""Seconds until the relay looks again while a window is full and executions wait: its workers soon make room."""
REST_PER_SURVEY = 9
"""Seconds of rest for each second that a survey took, while a window is full. Surveys then cost PostgreSQL a tenth of
one connection's time at most; the rest is left to the work."""
SLOTS_INTERVAL = 1.0
"""Seconds for which the slots of the workers are remembered."""
MOST_UNCLAIMED = 100_000
"""Most executions of a former leader that are sent once more. The windows keep their number far below it."""


class Relay:
    """The relay of one term. Each step surveys the open work and hands out what the windows have room for."""

    INTERVAL = 0.2
    """Seconds until the relay looks again without a hint: polling finds the runs of a NOTIFY that never arrived."""

    def __init__(
        self,
        database: UnitsOfWork,
        term: int,
        dispatcher: Dispatcher,
        windows: Windows,
        clock: Clock,
        *,
        lease: float,
    ) -> None:
        self._database = database
        self._term = term
        self._dispatcher = dispatcher
        self._windows = windows
        self._clock = clock
        self._lease = lease
        self._slots_at = -SLOTS_INTERVAL

    async def send_unclaimed(self) -> None:
        """Send once more what a former leader dispatched and nobody has claimed: the broker may not have it.

        Done at the start of a term. Copies do no harm, because only one claim succeeds.
        """
        async with self._database.session() as unit:
            await self._refresh_slots()
            rows = await unit.dispatch.select_dispatched(MOST_UNCLAIMED)
        self._dispatcher.send(rows)

    async def step(self) -> float:
        """Hand out what fits. Gives the seconds until the next step is worthwhile.

        Raises Fenced if the term has passed, Unavailable if PostgreSQL is away.
        """
        await self._refresh_slots()
        started = self._clock.elapsed()
        async with self._database.session() as unit:
            survey = await unit.dispatch.survey_open_work(self._windows.depth(), HAND_OUT_AHEAD)
        took = self._clock.elapsed() - started
        self._count(survey)
        full = False
        for work in sorted(survey, key=lambda work: -work.priority):
            if work.waits_since is not None:
                full = not await self._hand_out(work.pool, work.priority, work.waits_since) or full
        if full:
            return min(self.INTERVAL, max(FULL_SLEEP, REST_PER_SURVEY * took))
        return _seconds_until_next(survey)

    def _count(self, survey: list[OpenWork]) -> None:
        counts: dict[QueueKey, int] = {}
        for work in survey:
            key = (work.pool, class_of(work.priority))
            counts[key] = counts.get(key, 0) + work.dispatched
        self._windows.set_dispatched(counts)

    async def _hand_out(self, pool: str, priority: int, since: datetime) -> bool:
        """Hand out one backlog, whose oldest execution became available at `since`. False if the window is full and
        more may wait."""
        cls: PriorityClass = class_of(priority)
        room = self._windows.room(pool, cls)
        if room == 0:
            return False
        rows = await self._take(pool, priority, room, since)
        self._windows.take(pool, priority, len(rows))
        self._dispatcher.send(sorted(rows, key=attrgetter("available_at")))
        return len(rows) < room

    @again
    async def _take(self, pool: str, priority: int, room: int, since: datetime) -> list[Handout]:
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            return await unit.dispatch.take_backlog(pool, priority, room, HAND_OUT_AHEAD, since)

    async def _refresh_slots(self) -> None:
        if self._clock.elapsed() - self._slots_at < SLOTS_INTERVAL:
            return
        async with self._database.session() as unit:
            rows = await unit.workers.sum_slots(self._lease)
        self._windows.set_workers({row.pool: row.slots for row in rows}, {row.pool: row.workers for row in rows})
        self._slots_at = self._clock.elapsed()


def _seconds_until_next(survey: list[OpenWork]) -> float:
    """Seconds until the earliest retry or delayed tick is to be handed out, at most the relay's interval."""
    waits = [
        (work.available_at - HAND_OUT_AHEAD - work.now) / timedelta(seconds=1)
        for work in survey
        if work.available_at is not None
    ]
    return min(Relay.INTERVAL, max(SHORTEST_SLEEP, min(waits))) if waits else Relay.INTERVAL
