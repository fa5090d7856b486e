"""Intake: deliveries go into the inbox; a message that cannot be read goes to dead_letter_queue with its reason."""

from __future__ import annotations

import asyncio
import base64

import structlog

from foliot.common.broker.consuming import Delivery
from foliot.common.broker.guard import Down, Rejected
from foliot.common.broker.messages import Unreadable, decode_dispatch, encode
from foliot.common.broker.publishing import Publisher
from foliot.common.broker.topology import DEAD_LETTER_QUEUE
from foliot.common.clock import Clock
from foliot.worker import events, metrics
from foliot.worker.inbox import Inbox
from foliot.worker.unsettled import Receipt, Unsettled

_LETTER_LIMIT = 1_000
"""Bytes of the message, and characters of its error, that the dead letter keeps: enough to see who sent it."""
_COPY_AGAIN = 1.0
"""Seconds until a copy is published again that the broker did not confirm."""
_log = structlog.get_logger()


class Intake:
    """The consumer's callback for each delivery. It does nothing but enqueue: the consumer reads no other message in
    the meantime. `ranks`: rank by queue name, 0 is the most urgent."""

    def __init__(
        self, inbox: Inbox, unsettled: Unsettled, publisher: Publisher, ranks: dict[str, int], clock: Clock
    ) -> None:
        self._inbox = inbox
        self._unsettled = unsettled
        self._publisher = publisher
        self._ranks = ranks
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, delivery: Delivery) -> None:
        receipt = self._unsettled.receive(delivery)
        try:
            dispatch = decode_dispatch(delivery.body)
            self._inbox.put(self._ranks[delivery.queue], dispatch.executions, receipt)
        except Exception as error:  # an error that left this callback would leave the message unacked
            task = asyncio.create_task(self._set_aside(delivery, receipt, error), name="unreadable")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _set_aside(self, delivery: Delivery, receipt: Receipt, error: Exception) -> None:
        """Copy the message, then ack it. A copy that is not confirmed is sent again, until the channel of the delivery
        is gone and the broker delivers the message again."""
        body = base64.b64encode(delivery.body[:_LETTER_LIMIT]).decode()
        letter = Unreadable(queue=delivery.queue, reason="unreadable", error=str(error)[:_LETTER_LIMIT], body=body)
        metrics.UNREADABLE.inc()
        _log.error(events.MESSAGE_UNREADABLE, queue=delivery.queue, error=error)
        while not receipt.lost:
            try:
                await self._publisher.publish(DEAD_LETTER_QUEUE, encode(letter), "unreadable")
            except (Down, Rejected):
                await self._clock.sleep(_COPY_AGAIN)
            else:
                break
        await receipt.ack()
