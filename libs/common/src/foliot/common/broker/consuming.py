"""A subscription that is renewed by itself after a loss. Its callbacks only enqueue."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import aiormq
import msgspec
from aiormq.abc import DeliveredMessage

from foliot.common.broker.guard import Down, Rejected, guard
from foliot.common.broker.link import ACK_TIMEOUT, BACKOFF_MIN, OPEN_TIMEOUT, Link
from foliot.common.clock import Clock, first_of


class Delivery(msgspec.Struct, frozen=True):
    """One message. It is acked only after the work that it asks for is committed."""

    queue: str
    body: bytes
    message: Any

    @property
    def lost(self) -> bool:
        """True once its channel is gone: the broker delivers the message again."""
        return bool(self.message.channel.is_closed)

    async def ack(self) -> None:
        """Ack, and ignore a failure: the message comes again, and its work is found done."""
        with contextlib.suppress(Down, Rejected):
            await guard(self.message.channel.basic_ack(self.message.delivery.delivery_tag, wait=False), ACK_TIMEOUT)


class Consumer:
    """Keeps a subscription to queues; each delivery goes to `on_delivery`, which must only enqueue."""

    def __init__(
        self,
        link: Link,
        *,
        queues: Iterable[str],
        prefetch: int,
        on_delivery: Callable[[Delivery], None],
        clock: Clock,
    ) -> None:
        self._link = link
        self._queues = list(queues)
        self._prefetch = prefetch
        self._on_delivery = on_delivery
        self._clock = clock
        self._tags: list[str] = []
        self.subscribed = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set. On any doubt about the channel another is opened."""
        while not stop.is_set():
            try:
                await self._consume(stop)
            except (Down, Rejected):
                await self._clock.wait(stop, BACKOFF_MIN)
            finally:
                self.subscribed.clear()

    async def _consume(self, stop: asyncio.Event) -> None:
        channel = await self._link.channel()
        cancelled = asyncio.Event()
        channel.on_consumer_cancel_callbacks.add(lambda _frame: cancelled.set())
        await guard(channel.basic_qos(prefetch_count=self._prefetch), OPEN_TIMEOUT)
        self._tags = []
        for queue in self._queues:
            confirmed = await guard(channel.basic_consume(queue, self._receiver(queue)), OPEN_TIMEOUT)
            self._tags.append(str(confirmed.consumer_tag))
        self.subscribed.set()
        closing = channel.closing
        await first_of(self._clock, stop.wait(), cancelled.wait(), _outcome(closing))
        if stop.is_set():
            await self._unsubscribe(channel)
        else:
            await self._link.drop()

    def _receiver(self, queue: str) -> Callable[[DeliveredMessage], Any]:
        async def receive(message: DeliveredMessage) -> None:
            self._on_delivery(Delivery(queue, bytes(message.body), message))

        return receive

    async def _unsubscribe(self, channel: aiormq.abc.AbstractChannel) -> None:
        for tag in self._tags:
            try:
                await guard(channel.basic_cancel(tag), ACK_TIMEOUT)
            except (Down, Rejected):
                return


async def _outcome(future: asyncio.Future[Any]) -> None:
    await asyncio.wait({future})
    if not future.cancelled():
        future.exception()
