"""A broker that loses, doubles and delays: what RabbitMQ and the network may do to a message, drawn from a seed."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable

import msgspec

from foliot.common.broker.guard import Down
from foliot.common.broker.messages import decode_dispatch
from foliot.common.broker.topology import Queue
from foliot.worker.inbox import Inbox
from simulate.statements.gate import Gate

LOST, DOUBLED, UNANSWERED, REFUSED = 0.02, 0.06, 0.04, 0.03
"""The shares of publishes that are confirmed and lost, delivered twice, delivered without an answer, and not taken."""


class Message(msgspec.Struct, frozen=True):
    queue: str
    body: bytes


class Broker:
    def __init__(self, seed: int, gate: Gate, *, faulty: bool) -> None:
        self._random = random.Random(seed)
        self._gate = gate
        self.faulty = faulty
        self.ready: deque[Message] = deque()
        self.unacked: dict[str, list[Message]] = {}

    def give_back(self, process: str) -> None:
        """A consumer is gone: what it has not acked is ready again."""
        self.ready.extendleft(reversed(self.unacked.pop(process, [])))

    def deliver(self, process: str, inbox: Inbox) -> None:
        """Give a consumer the next message, or by chance a later one."""
        if not self.ready:
            return
        place = self._random.randrange(len(self.ready)) if self._random.random() < 0.3 else 0
        message = self.ready[place]
        del self.ready[place]
        self.unacked.setdefault(process, []).append(message)
        inbox.put(1, decode_dispatch(message.body).executions, Delivery(self, process, message))

    def purge(self) -> None:
        """Somebody empties the queues."""
        self.ready.clear()


class Delivery:
    def __init__(self, broker: Broker, process: str, message: Message) -> None:
        self._broker = broker
        self._process = process
        self._message = message

    @property
    def lost(self) -> bool:
        """True if the broker has given the message to somebody else, because its consumer was gone."""
        return self._message not in self._broker.unacked.get(self._process, [])

    async def ack(self) -> None:
        mine = self._broker.unacked.get(self._process, [])
        if self._message in mine:
            mine.remove(self._message)


class Publisher:
    """The broker as one scheduler sees it. Each publish is a step."""

    def __init__(self, broker: Broker, gate: Gate, process: str) -> None:
        self._broker = broker
        self._gate = gate
        self._process = process

    async def publish(self, queue: str, body: bytes, message_id: str) -> None:
        step = await self._gate.enter(self._process, "publish")
        try:
            broker, drawn = self._broker, self._broker._random.random() if self._broker.faulty else 1.0
            message = Message(queue, body)
            if drawn < REFUSED:
                raise Down("not taken")
            if drawn < REFUSED + LOST:
                return
            broker.ready.append(message)
            if drawn < REFUSED + LOST + UNANSWERED:
                raise Down("no answer")
            if drawn < REFUSED + LOST + UNANSWERED + DOUBLED:
                broker.ready.append(message)
        finally:
            step.leave()

    async def declare(self, queues: Iterable[Queue]) -> None:
        pass

    async def rebuild(self, queue: Queue) -> None:
        pass
