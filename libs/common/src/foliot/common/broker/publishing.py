"""Publishing with confirms, and reading queues."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

import msgspec
from pamqp.commands import Basic

from foliot.common.broker.guard import Down, Rejected, guard
from foliot.common.broker.link import ACK_TIMEOUT, OPEN_TIMEOUT, Link, declare
from foliot.common.broker.topology import EXCHANGE, Queue

CONFIRM_TIMEOUT = 5.0
"""Seconds until an unconfirmed publish counts as unknown: a quorum queue confirms in milliseconds, but it may have to
elect a leader first."""


class Publisher:
    """Publishes persistent messages with confirms. The caller sends again the messages that were not confirmed."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def publish(self, queue: str, body: bytes, message_id: str) -> None:
        """Publish, and return when the broker has confirmed the message. Raises Down (unknown) or Rejected."""
        channel = await self._link.channel()
        properties = Basic.Properties(delivery_mode=2, content_type="application/json", message_id=message_id)
        try:
            await guard(
                channel.basic_publish(
                    body, exchange=EXCHANGE, routing_key=queue, properties=properties, mandatory=True
                ),
                CONFIRM_TIMEOUT,
            )
        except (Down, Rejected):
            await self._link.drop()  # a returned message means a deleted queue; the next open declares it
            raise

    async def declare(self, queues: Iterable[Queue]) -> None:
        await self._link.declare(queues)

    async def keep_open(self) -> None:
        """A duty: open the link before the first message needs it."""
        with contextlib.suppress(Down):
            await self._link.channel()

    async def close(self) -> None:
        await self._link.drop()

    async def ready_messages(self, queue: str) -> int:
        """The number of messages that wait in a queue. Raises Down or Rejected (no such queue)."""
        channel = await self._link.channel()
        try:
            declared = await guard(channel.queue_declare(queue, passive=True), OPEN_TIMEOUT)
        except (Down, Rejected):
            await self._link.drop()
            raise
        return int(declared.message_count or 0)

    async def rebuild(self, queue: Queue) -> None:
        """Delete and declare a queue that confirms nothing any more. Its messages are sent again from PostgreSQL."""
        channel = await self._link.channel()
        await guard(channel.queue_delete(queue.name), OPEN_TIMEOUT)
        await declare(channel, queue)

    async def take(self, queue: str) -> Taken | None:
        """Take one message, None if the queue is empty. Raises Down."""
        channel = await self._link.channel()
        message = await guard(channel.basic_get(queue), OPEN_TIMEOUT)
        return None if message.delivery_tag is None else Taken(bytes(message.body), message)


class Taken(msgspec.Struct, frozen=True):
    """A message that was taken and is not acked yet."""

    body: bytes
    message: Any

    async def ack(self) -> None:
        """Raises Down; then the message comes again."""
        await guard(self.message.channel.basic_ack(self.message.delivery_tag), ACK_TIMEOUT)
