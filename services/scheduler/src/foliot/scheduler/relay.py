"""Relay: the backlog of the outbox goes out as the windows have room, by priority, then by when it became available."""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import attrgetter

from foliot.common.broker.topology import PriorityClass, class_of
from foliot.common.clock import Clock
from foliot.common.ledger.dispatch import OpenWork
from foliot.scheduler.dispatcher import AHEAD, Dispatcher
from foliot.scheduler.unit import UnitsOfWork
from foliot.scheduler.windows import Key, Windows

MAX_SLEEP = 0.2
FULL_SLEEP = 0.005
SURVEY_SHARE = 9
"""While a window is full and rows wait, the relay looks every 5 ms, but a survey that takes long has 9 times as long a
rest: counting must not take from PostgreSQL what the work needs."""
SLOTS_EVERY = 1.0


class Relay:
    """One leader's relay. `step` surveys the open work and hands out what fits."""

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
        self._slots_at = -SLOTS_EVERY

    async def send_unclaimed(self) -> None:
        """At the start of a term: what a former leader dispatched and nobody claimed is sent once more."""
        async with self._database.session() as unit:
            await self._refresh_slots()
            rows = await unit.dispatch.select_dispatched(100_000)
        self._dispatcher.send(rows)

    async def step(self) -> float:
        await self._refresh_slots()
        started = self._clock.elapsed()
        async with self._database.session() as unit:
            survey = await unit.dispatch.survey_open_work(self._windows.depth(), AHEAD)
        took = self._clock.elapsed() - started
        self._count(survey)
        full = False
        for work in sorted(survey, key=lambda work: -work.priority):
            if work.waits_since is not None:
                full = not await self._hand_out(work.pool, work.priority, work.waits_since) or full
        return min(MAX_SLEEP, max(FULL_SLEEP, SURVEY_SHARE * took)) if full else _sleep(survey)

    def _count(self, survey: list[OpenWork]) -> None:
        counts: dict[Key, int] = {}
        for work in survey:
            key = (work.pool, class_of(work.priority))
            counts[key] = counts.get(key, 0) + work.dispatched
        self._windows.set_dispatched(counts)

    async def _hand_out(self, pool: str, priority: int, since: datetime) -> bool:
        """False if the window was full before the backlog was empty."""
        cls: PriorityClass = class_of(priority)
        room = self._windows.room(pool, cls)
        if room == 0:
            return False
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            rows = await unit.dispatch.take_backlog(pool, priority, room, AHEAD, since)
        self._windows.take(pool, priority, len(rows))
        self._dispatcher.send(sorted(rows, key=attrgetter("available_at")))
        return len(rows) < room

    async def _refresh_slots(self) -> None:
        if self._clock.elapsed() - self._slots_at < SLOTS_EVERY:
            return
        async with self._database.session() as unit:
            rows = await unit.workers.sum_slots(self._lease)
        self._windows.set_workers({row.pool: row.slots for row in rows}, {row.pool: row.workers for row in rows})
        self._slots_at = self._clock.elapsed()


def _sleep(survey: list[OpenWork]) -> float:
    """Until the earliest retry or delayed tick is to be handed out, at most 200 ms."""
    waits = [
        (work.available_at - AHEAD - work.now) / timedelta(seconds=1)
        for work in survey
        if work.available_at is not None
    ]
    return min(MAX_SLEEP, max(0.001, min(waits))) if waits else MAX_SLEEP
