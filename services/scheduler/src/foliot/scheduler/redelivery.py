"""Lost messages: what was dispatched and can never be delivered is sent again.

Never by age alone: that would flood a backlog with copies.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from foliot.common.broker.guard import Down, Rejected
from foliot.common.broker.topology import PRIORITIES, class_of, queue_name
from foliot.common.clock import Clock
from foliot.scheduler import events, metrics
from foliot.scheduler.dispatcher import AHEAD, Dispatcher
from foliot.scheduler.unit import UnitsOfWork
from foliot.scheduler.windows import Key

OVERTAKEN_BY = timedelta(seconds=30)
BATCH = 1_000
ReadyMessages = Callable[[str], Awaitable[int]]
_log = structlog.get_logger()


class Redelivery:
    """Two signs: a row of the same queue that was dispatched 30 s later has been claimed (deliveries are held at
    most 5 s); or twice in a row the queue is empty and no worker holds a delivery, while rows are dispatched."""

    def __init__(
        self,
        database: UnitsOfWork, term: int, dispatcher: Dispatcher, ready_messages: ReadyMessages, clock: Clock, *,
        lease: float,
    ) -> None:  # fmt: skip
        self._database = database
        self._term = term
        self._dispatcher = dispatcher
        self._ready_messages = ready_messages
        self._clock = clock
        self._lease = lease
        self._empty_since: dict[Key, datetime] = {}

    async def step(self) -> None:
        async with self._database.session() as unit:
            survey = await unit.dispatch.survey_open_work(BATCH, AHEAD)
            claims = {(row.pool, row.priority): row for row in await unit.dispatch.select_latest_claims()}
            held = {row.pool: row.held for row in await unit.workers.sum_slots(self._lease)}
        for row in survey:
            claim = claims.get((row.pool, row.priority))
            if row.dispatched and claim is not None and claim.dispatched_at is not None:
                await self._send_again(row.pool, row.priority, claim.dispatched_at - OVERTAKEN_BY)
        dispatched = {(row.pool, class_of(row.priority)): row.now for row in survey if row.dispatched}
        await self._look_for_empty_queues(dispatched, held)

    async def _look_for_empty_queues(self, dispatched: dict[Key, datetime], held: dict[str, int]) -> None:
        empty: dict[Key, datetime] = {}
        for (pool, cls), now in dispatched.items():
            if held.get(pool, 0) == 0 and await self._is_empty(queue_name(pool, cls)):
                empty[pool, cls] = self._empty_since.get((pool, cls), now)
        for (pool, cls), since in empty.items():
            if (pool, cls) in self._empty_since:
                for priority in PRIORITIES[cls]:
                    await self._send_again(pool, priority, since)
        self._empty_since = {key: dispatched[key] for key in empty}

    async def _is_empty(self, queue: str) -> bool:
        try:
            return await self._ready_messages(queue) == 0
        except (Down, Rejected):
            return False

    async def _send_again(self, pool: str, priority: int, before: datetime) -> None:
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            rows = await unit.dispatch.take_undelivered(pool, priority, before, BATCH)
        if rows:
            metrics.LOST.inc(len(rows))
            _log.warning(events.MESSAGES_LOST, pool=pool, priority=priority, count=len(rows))
            self._dispatcher.send(rows)
