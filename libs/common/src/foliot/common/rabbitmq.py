"""Links to RabbitMQ. The only module that calls aiormq.

aiormq does not reconnect, cancels callbacks when a channel dies and raises CancelledError at tasks that nobody
cancelled. So every await of it goes through `guard`, a link is thrown away on any doubt, and callbacks only enqueue.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import aiormq
import msgspec
import structlog
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from foliot.common.clock import Clock
from foliot.common.topology import EXCHANGE, Queue

_Result = TypeVar("_Result")
_log = structlog.get_logger()

OPEN_TIMEOUT = 5.0
CONFIRM_TIMEOUT = 5.0
HEARTBEAT = 5
BACKOFF_MIN, BACKOFF_MAX = 0.1, 3.0


class Down(Exception):
    """The link is gone or silent; what was under way has an unknown outcome."""


class Silent(Down):
    """An open link that did not answer in time."""


class Rejected(Exception):
    """The broker said no: returned (no such queue) or refused."""


async def guard(awaitable: Awaitable[_Result], timeout: float) -> _Result:
    """The result of an aiormq call, or Down or Rejected: never a cancellation that nobody asked for, never for ever."""
    task = asyncio.ensure_future(awaitable)
    try:
        done, _ = await asyncio.wait({task}, timeout=timeout)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        raise Silent(f"no answer within {timeout} s")
    if task.cancelled():
        raise Down("the link went away")
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, aiormq.exceptions.PublishError | aiormq.exceptions.DeliveryError):
        raise Rejected(repr(error)) from error
    if isinstance(error, aiormq.AMQPError | RuntimeError | OSError | asyncio.TimeoutError | asyncio.CancelledError):
        raise Down(repr(error)) from error
    raise error


class Link:
    """One connection with one channel, opened when needed, with the topology declared on each open."""

    def __init__(self, url: str, *, name: str, clock: Clock, queues: Callable[[], Iterable[Queue]]) -> None:
        separator = "&" if "?" in url else "?"
        self._url = f"{url}{separator}heartbeat={HEARTBEAT}&name={name}"
        self._name = name
        self._clock = clock
        self._queues = queues
        self._lock = asyncio.Lock()
        self._connection: aiormq.Connection | None = None
        self._channel: aiormq.abc.AbstractChannel | None = None
        self._backoff = BACKOFF_MIN
        self._not_before = 0.0

    @property
    def is_open(self) -> bool:
        return (
            self._channel is not None
            and not self._channel.is_closed
            and self._connection is not None
            and not self._connection.is_closed
        )

    async def channel(self) -> aiormq.abc.AbstractChannel:
        """The open channel. Raises Down at once while a backoff is running."""
        async with self._lock:
            if self.is_open:
                assert self._channel is not None
                return self._channel
            if self._clock.elapsed() < self._not_before:
                raise Down("waiting before the next try to connect")
            await self._drop()
            try:
                return await self._open()
            except (Down, Rejected) as error:
                await self._drop()
                self._not_before = self._clock.elapsed() + self._backoff * random.uniform(0.5, 1.5)  # noqa: S311
                self._backoff = min(BACKOFF_MAX, self._backoff * 2)
                _log.warning("rabbitmq_away", link=self._name, error=str(error))
                raise Down(str(error)) from error

    async def _open(self) -> aiormq.abc.AbstractChannel:
        connection = aiormq.Connection(self._url)
        self._connection = connection
        await guard(connection.connect(), OPEN_TIMEOUT)
        channel = await guard(connection.channel(publisher_confirms=True, on_return_raises=True), OPEN_TIMEOUT)
        await guard(channel.exchange_declare(EXCHANGE, exchange_type="direct", durable=True), OPEN_TIMEOUT)
        for queue in self._queues():
            await declare(channel, queue)
        self._channel = channel
        self._backoff = BACKOFF_MIN
        _log.info("rabbitmq_open", link=self._name)
        return channel

    async def declare(self, queues: Iterable[Queue]) -> None:
        """Queues that came to be needed while the link was open."""
        channel = await self.channel()
        for queue in queues:
            await declare(channel, queue)

    async def drop(self) -> None:
        """Throw the link away; the next use opens another."""
        async with self._lock:
            await self._drop()

    async def _drop(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is None:
            return
        with contextlib.suppress(Down, Rejected):
            await guard(connection.close(), 1.0)
        for name in ("_writer_task", "_reader_task"):
            task = getattr(connection, name, None)
            if task is not None and not task.done():
                task.cancel()


async def declare(channel: aiormq.abc.AbstractChannel, queue: Queue) -> None:
    arguments: dict[str, Any] = {"x-queue-type": "quorum"}
    await guard(channel.queue_declare(queue.name, durable=True, arguments=arguments), OPEN_TIMEOUT)
    await guard(channel.queue_bind(queue.name, EXCHANGE, queue.name), OPEN_TIMEOUT)


class Publisher:
    """Publishes persistently with confirms. What is not confirmed is the caller's to send again."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def publish(self, queue: str, body: bytes, message_id: str) -> None:
        """Returns when the broker holds the message on disk. Raises Down (unknown) or Rejected (returned, refused)."""
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
            await self._link.drop()  # a returned message means a deleted queue: the next open declares it
            raise

    async def declare(self, queues: Iterable[Queue]) -> None:
        await self._link.declare(queues)

    async def keep_open(self) -> None:
        """A duty: the link is there before the first message needs it."""
        with contextlib.suppress(Down):
            await self._link.channel()

    async def close(self) -> None:
        await self._link.drop()

    async def ready_messages(self, queue: str) -> int:
        """Messages that wait in a queue. Raises Down or Rejected (no such queue)."""
        channel = await self._link.channel()
        try:
            declared = await guard(channel.queue_declare(queue, passive=True), OPEN_TIMEOUT)
        except (Down, Rejected):
            await self._link.drop()
            raise
        return int(declared.message_count or 0)

    async def rebuild(self, queue: Queue) -> None:
        """Delete and declare a queue that confirms nothing any more; what it held is sent again from PostgreSQL."""
        channel = await self._link.channel()
        await guard(channel.queue_delete(queue.name), OPEN_TIMEOUT)
        await declare(channel, queue)

    async def take(self, queue: str) -> Taken | None:
        """One message, None if the queue is empty. Raises Down."""
        channel = await self._link.channel()
        message = await guard(channel.basic_get(queue), OPEN_TIMEOUT)
        return None if message.delivery_tag is None else Taken(bytes(message.body), message)


class Taken(msgspec.Struct, frozen=True):
    """A message taken one by one, not acked yet."""

    body: bytes
    message: Any

    async def ack(self) -> None:
        """Raises Down: then it comes again."""
        await guard(self.message.channel.basic_ack(self.message.delivery_tag), 2.0)


class Delivery(msgspec.Struct, frozen=True):
    """One message, to be acked after what it asks for is committed."""

    queue: str
    body: bytes
    message: Any

    async def ack(self) -> None:
        """Failure is no harm: the message comes again and is found done."""
        with contextlib.suppress(Down, Rejected):
            await guard(self.message.channel.basic_ack(self.message.delivery.delivery_tag, wait=False), 2.0)


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
        """Until `stop` is set. Any doubt about the channel opens another."""
        while not stop.is_set():
            try:
                await self._consume(stop)
            except (Down, Rejected):
                await _first(stop.wait(), timeout=BACKOFF_MIN)
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
        await _first(stop.wait(), cancelled.wait(), _outcome(closing))
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
                await guard(channel.basic_cancel(tag), 2.0)
            except (Down, Rejected):
                return

    async def close(self) -> None:
        """Closes the channel: what was not acked is free for others."""
        await self._link.drop()


async def _outcome(future: asyncio.Future[Any]) -> None:
    await asyncio.wait({future})
    if not future.cancelled():
        future.exception()


async def _first(*awaitables: Awaitable[Any], timeout: float | None = None) -> None:
    """Wait until one of them is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
