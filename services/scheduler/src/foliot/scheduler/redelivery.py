"""Redelivery: executions whose message was lost are dispatched again.

A message never counts as lost by its age alone: in a backlog every message is old, and all would be sent twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from foliot.common.broker.guard import Down, Rejected
from foliot.common.broker.topology import PRIORITIES, class_of, queue_name
from foliot.common.ledger.again import again
from foliot.common.model.execution import Handout
from foliot.scheduler import events, metrics
from foliot.scheduler.dispatcher import HAND_OUT_AHEAD, Dispatcher
from foliot.scheduler.unit import UnitsOfWork
from foliot.scheduler.windows import QueueKey

OVERTAKEN_BY = timedelta(seconds=30)
"""Time by which a later message must have overtaken an unclaimed one. A worker holds a delivery for 5 s at most, so
nobody holds the earlier one."""
ROWS_PER_STEP = 1_000
"""Most executions of one pool and priority that a step counts, and that it sends again."""
ReadyMessages = Callable[[str], Awaitable[int]]
"""Counts the messages that wait in a queue, by its name. Raises Down or Rejected."""
_log = structlog.get_logger()


class Redelivery:
    """Sends lost messages again, under one term. There are two signs that a message is lost.

    - An execution of the same pool and priority that was dispatched 30 s later has been claimed.
    - In two steps in a row executions are dispatched and unclaimed, and yet the queue is empty and no worker holds a
      delivery.
    """

    INTERVAL = 10.0
    """Seconds between two steps. An empty queue is believed at the second, so deliveries under way have time to end."""

    def __init__(
        self,
        database: UnitsOfWork,
        term: int,
        dispatcher: Dispatcher,
        ready_messages: ReadyMessages,
        *,
        lease: float,
    ) -> None:
        """`lease`: seconds of silence after which a worker counts as lost."""
        self._database = database
        self._term = term
        self._dispatcher = dispatcher
        self._ready_messages = ready_messages
        self._lease = lease
        self._empty_since: dict[QueueKey, datetime] = {}

    async def step(self) -> None:
        """Look for both signs. Raises Fenced if the term has passed, Unavailable if PostgreSQL is away."""
        async with self._database.session() as unit:
            survey = await unit.dispatch.survey_open_work(ROWS_PER_STEP, HAND_OUT_AHEAD)
            claims = {(row.pool, row.priority): row for row in await unit.dispatch.select_latest_claims()}
            held = {row.pool: row.held for row in await unit.workers.sum_slots(self._lease)}
        for row in survey:
            claim = claims.get((row.pool, row.priority))
            if row.dispatched and claim is not None and claim.dispatched_at is not None:
                await self._send_again(row.pool, row.priority, claim.dispatched_at - OVERTAKEN_BY)
        dispatched = {(row.pool, class_of(row.priority)): row.now for row in survey if row.dispatched}
        await self._look_for_empty_queues(dispatched, held)

    async def _look_for_empty_queues(self, dispatched: dict[QueueKey, datetime], held: dict[str, int]) -> None:
        """`dispatched`: when each queue with dispatched executions was surveyed. `held`: deliveries that the workers of
        a pool hold."""
        empty: dict[QueueKey, datetime] = {}
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

    @again
    async def _take(self, pool: str, priority: int, before: datetime) -> list[Handout]:
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            return await unit.dispatch.take_undelivered(pool, priority, before, ROWS_PER_STEP)

    async def _send_again(self, pool: str, priority: int, before: datetime) -> None:
        """Dispatch again what was dispatched before a time and is still unclaimed."""
        rows = await self._take(pool, priority, before)
        if rows:
            metrics.MESSAGES_LOST.inc(len(rows))
            _log.warning(events.MESSAGES_LOST, pool=pool, priority=priority, count=len(rows))
            self._dispatcher.send(rows)
