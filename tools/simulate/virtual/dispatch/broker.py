"""RabbitMQ as the dispatcher sees it: it confirms, loses, doubles, returns, falls silent, and wedges queues."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable

from foliot.common.broker.guard import Down, Rejected, Silent
from foliot.common.broker.messages import decode_dispatch
from foliot.common.broker.topology import Queue
from simulate.virtual.dispatch.judge import Judge
from simulate.virtual.story import Stage

CONFIRM_TIMEOUT = 5.0
"""Seconds after which Publisher.publish gives up: foliot.common.broker.publishing has the same."""
KINDS = ("away", "silent", "lossy", "twice", "slow", "wedge", "delete")


class Broker:
    """The dispatcher's port (Publishes). Queues hold execution_ids; `lost` are those of queues
    that were deleted. `amqp-wedge` and `amqp-delete` meet the queue of
    their target's number; a wedged queue stays so until it is rebuilt, a deleted one until it is declared."""

    def __init__(self, stage: Stage, judge: Judge, queues: list[str]) -> None:
        self._stage = stage
        self._judge = judge
        self.stored: defaultdict[str, list[int]] = defaultdict(list)
        self._declared = set(queues)
        self._wedged: set[str] = set()
        self.silent: Counter[str] = Counter()
        self.lost: list[int] = []

    def strike(self, kind: str, queue: str) -> None:
        if kind == "amqp-wedge":
            self._wedged.add(queue)
        elif kind == "amqp-delete":
            self._declared.discard(queue)
            self._lose(queue)

    async def publish(self, queue: str, body: bytes, message_id: str) -> None:
        self._judge.publishing(message_id)
        try:
            await self._publish(queue, body)
        except Silent:
            self.silent[queue] += 1
            self._judge.refused(message_id)
            raise
        except BaseException:
            self._judge.refused(message_id)
            raise
        self.silent.pop(queue, None)
        self._judge.confirmed(message_id)

    async def _publish(self, queue: str, body: bytes) -> None:
        if self._holds("away"):
            await self._way()
            raise Down("no connection")
        await self._way()
        if queue in self._wedged or self._holds("silent"):
            if self._stage.rng.random() < 0.3 and queue not in self._wedged:
                self._store(queue, body)
            await asyncio.sleep(CONFIRM_TIMEOUT)
            raise Silent("no confirm")
        if queue not in self._declared:
            raise Rejected("no such queue")
        self._store(queue, body)
        if self._holds("twice"):
            self._store(queue, body)
        if self._holds("lossy") and self._stage.rng.random() < 0.5:
            raise Down("the connection broke before the confirm")
        await self._way()

    def _store(self, queue: str, body: bytes) -> None:
        self.stored[queue] += [one.execution_id for one in decode_dispatch(body).executions]

    async def declare(self, queues: Iterable[Queue]) -> None:
        await self._answer()
        self._declared |= {queue.name for queue in queues}

    async def rebuild(self, queue: Queue) -> None:
        self._judge.rebuilding(queue.name, self.silent[queue.name])
        await self._answer()
        self._wedged.discard(queue.name)
        self._declared.add(queue.name)
        self._lose(queue.name)
        self.silent.pop(queue.name, None)

    def _lose(self, queue: str) -> None:
        self.lost += self.stored.pop(queue, [])

    async def _answer(self) -> None:
        await self._way()
        if self._holds("away"):
            raise Down("no connection")
        if self._holds("silent"):
            await asyncio.sleep(CONFIRM_TIMEOUT)
            raise Silent("no answer")

    async def _way(self) -> None:
        await asyncio.sleep(self._stage.rng.random() * (2.0 if self._holds("slow") else 0.004))

    def _holds(self, kind: str) -> bool:
        return self._stage.until(f"amqp-{kind}", 0) > 0.0
