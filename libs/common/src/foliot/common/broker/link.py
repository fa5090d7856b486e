"""A link to RabbitMQ: one connection with one channel, opened when it is needed and thrown away on any doubt."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable
from typing import Any

import aiormq
import structlog

from foliot.common.broker.guard import Down, Rejected, guard
from foliot.common.broker.topology import EXCHANGE, Queue
from foliot.common.clock import Clock
from foliot.common.process import events, metrics

_log = structlog.get_logger()

OPEN_TIMEOUT = 5.0
"""Seconds for each step of opening a link and for each call about a queue: an answer takes milliseconds, and a new
leader of a quorum queue is elected within a few seconds."""
ACK_TIMEOUT = 2.0
"""Seconds for an ack or a cancelled subscription: shorter than OPEN_TIMEOUT, because a failure costs only a copy of the
message, and a worker that stops waits for them."""
_CLOSE_TIMEOUT = 1.0
"""Seconds for a polite close; a link in doubt often cannot do it."""
_HEARTBEAT_SECONDS = 5
"""AMQP heartbeat: a dead peer is noticed after two missed ones."""
BACKOFF_MIN, BACKOFF_MAX = 0.1, 3.0
"""Seconds before a link is opened again, doubled at each failure: short after a single loss, and about one
try in 3 s while the broker is away, so that its return is not met by a storm."""


class Link:
    """One connection with one channel; each open declares the topology."""

    def __init__(self, url: str, *, name: str, clock: Clock, queues: Callable[[], Iterable[Queue]]) -> None:
        separator = "&" if "?" in url else "?"
        self._url = f"{url}{separator}heartbeat={_HEARTBEAT_SECONDS}&name={name}"
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
        """The open channel, opened first if need be. Raises Down at once while a backoff runs."""
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
                _log.warning(events.RABBITMQ_AWAY, link=self._name, error=str(error))
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
        metrics.RABBITMQ_CONNECTED.labels(self._name).set(1)
        _log.info(events.RABBITMQ_OPEN, link=self._name)
        return channel

    async def declare(self, queues: Iterable[Queue]) -> None:
        """Declare queues that are needed since the link was opened."""
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
        metrics.RABBITMQ_CONNECTED.labels(self._name).set(0)
        with contextlib.suppress(Down, Rejected):
            await guard(connection.close(), _CLOSE_TIMEOUT)
        for name in ("_writer_task", "_reader_task"):
            task = getattr(connection, name, None)
            if task is not None and not task.done():
                task.cancel()


async def declare(channel: aiormq.abc.AbstractChannel, queue: Queue) -> None:
    """Declare a quorum queue and bind it to the exchange."""
    arguments: dict[str, Any] = {"x-queue-type": "quorum"}
    await guard(channel.queue_declare(queue.name, durable=True, arguments=arguments), OPEN_TIMEOUT)
    await guard(channel.queue_bind(queue.name, EXCHANGE, queue.name), OPEN_TIMEOUT)
