"""Intake: deliveries go into the inbox; a message that cannot be read goes to dead_letter_queue with its reason."""

from __future__ import annotations

import asyncio
import base64

import msgspec
import structlog

from foliot.common.broker.consuming import Delivery
from foliot.common.broker.guard import Down, Rejected
from foliot.common.broker.messages import Unreadable, decode_dispatch, encode
from foliot.common.broker.publishing import Publisher
from foliot.common.broker.topology import DEAD_LETTER_QUEUE
from foliot.worker import events, metrics
from foliot.worker.inbox import Inbox

_LETTER_LIMIT = 1_000
"""Bytes of the message, and characters of its error, that the dead letter keeps: enough to see who sent it."""
_log = structlog.get_logger()


class Intake:
    """The consumer's callback for each delivery. It does nothing but enqueue: the consumer reads no other message in
    the meantime. `ranks`: rank by queue name, 0 is the most urgent."""

    def __init__(self, inbox: Inbox, publisher: Publisher, ranks: dict[str, int]) -> None:
        self._inbox = inbox
        self._publisher = publisher
        self._ranks = ranks
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, delivery: Delivery) -> None:
        try:
            dispatch = decode_dispatch(delivery.body)
        except (msgspec.DecodeError, RecursionError) as error:
            task = asyncio.create_task(self._set_aside(delivery, error), name="unreadable")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        self._inbox.put(self._ranks[delivery.queue], dispatch.executions, delivery)

    async def _set_aside(self, delivery: Delivery, error: Exception) -> None:
        """Copy the message, then ack it; if the copy is not confirmed, the broker delivers the message again."""
        body = base64.b64encode(delivery.body[:_LETTER_LIMIT]).decode()
        letter = Unreadable(queue=delivery.queue, reason="unreadable", error=str(error)[:_LETTER_LIMIT], body=body)
        metrics.UNREADABLE.inc()
        _log.error(events.MESSAGE_UNREADABLE, queue=delivery.queue, error=error)
        try:
            await self._publisher.publish(DEAD_LETTER_QUEUE, encode(letter), "unreadable")
        except (Down, Rejected):
            return
        await delivery.ack()
