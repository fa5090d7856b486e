"""RabbitMQ and the dispatcher as workers see them: what is due comes at least once, unacked messages come again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiormq.exceptions import ChannelInvalidStateError

from foliot.common.broker.consuming import Delivery
from foliot.common.broker.guard import Down
from foliot.common.broker.messages import Dispatch, Dispatched, encode, to_microseconds
from foliot.common.model.states import ExecutionStatus
from simulate.virtual.clock import START
from simulate.virtual.owners import Process
from simulate.virtual.postgres import Server
from simulate.virtual.story import Stage
from simulate.virtual.worker.judge import Judge
from simulate.virtual.worker.ledger import Ledger, Row

QUEUE = "pending_jobs"
LOOK_EVERY = 0.2
AHEAD = (0.06, 4.0)
"""Seconds before its time in which an attempt is dispatched: those of the product, or so many that much can happen to a
worker that has claimed it and waits."""
MOST_IN_MESSAGE = 3
PREFETCH = 4


@dataclass
class Message:
    """One message. `dispatches`: of each execution, which of its dispatches this is."""

    body: bytes
    dispatches: dict[int, int]


@dataclass
class Channel:
    """A worker's subscription. `consuming`: it takes further deliveries."""

    process: Process
    broker: Deliveries
    on_delivery: Callable[[Delivery], None]
    open: bool = True
    consuming: bool = True
    unacked: list[Message] = field(default_factory=list)


class Tagged:
    """The part of an aiormq message that Delivery.ack uses: its channel and its tag."""

    def __init__(self, of: Channel, message: Message) -> None:
        self._of = of
        self._message = message
        self.channel = self.delivery = self
        self.delivery_tag = 0

    @property
    def is_closed(self) -> bool:
        return not self._of.open

    def basic_ack(self, _tag: int, wait: bool) -> asyncio.Future[None]:
        """It is done with the call: in a turn of asyncio nothing can overtake the first step of a task for seconds."""
        acked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._of.open:
            self._ack()
            acked.set_result(None)
        else:
            acked.set_exception(ChannelInvalidStateError("the channel is closed"))
        return acked

    def _ack(self) -> None:
        for execution_id, dispatch in self._message.dispatches.items():
            self._of.broker.judge.acked(self._of.process, execution_id, dispatch)
        if self._message in self._of.unacked:
            self._of.unacked.remove(self._message)


class Letters:
    """The publisher of a worker, which sets unreadable messages aside."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def publish(self, _queue: str, _body: bytes, _message_id: str) -> None:
        await asyncio.sleep(0.004 * self._stage.rng.random())
        if self._stage.until("amqp-away", 0):
            raise Down("no connection")


class Deliveries:
    """The broker of the model and who fills it: rows that are due and not dispatched."""

    def __init__(self, stage: Stage, server: Server, ledger: Ledger, judge: Judge) -> None:
        self._stage = stage
        self._server = server
        self._ledger = ledger
        self.judge = judge
        self._ready: list[Message] = []
        self._channels: list[Channel] = []
        self._ahead = stage.rng.choice(AHEAD)
        self._world = stage.loop.context_of(stage.loop.world, "broker")

    def subscribe(self, process: Process, on_delivery: Callable[[Delivery], None]) -> None:
        self._channels.append(Channel(process, self, on_delivery))

    def unsubscribe(self, process: Process) -> None:
        """No more deliveries; what came may still be acked."""
        for channel in self._channels:
            channel.consuming = channel.consuming and channel.process is not process

    def close(self, process: Process) -> list[Channel]:
        """The channel is gone: what it had not acked comes again."""
        gone = [channel for channel in self._channels if channel.process is process]
        self._channels = [channel for channel in self._channels if channel.process is not process]
        for channel in gone:
            channel.open = False
            self._ready += channel.unacked
            channel.unacked = []
        return gone

    def reset(self, process: Process) -> None:
        """A lost connection: the consumer opens another by itself."""
        for channel in self.close(process):
            if channel.consuming:
                self.subscribe(process, channel.on_delivery)

    @property
    def idle(self) -> bool:
        return not self._ready and not any(channel.unacked for channel in self._channels)

    def spoil(self) -> None:
        """Somebody publishes a message that no worker can read."""
        self._ready.append(Message(b"{", {}))

    async def run(self) -> None:
        """Dispatch what is due, and deliver it, until cancelled."""
        while True:
            self._server.instant(self._dispatch)
            self._deliver()
            await asyncio.sleep(LOOK_EVERY)

    def _dispatch(self) -> None:
        known = {key for message in self._messages() for key in message.dispatches.items()}
        due = [row for row in self._ledger.rows.values() if self._is_due(row, known)]
        while due:
            size = self._stage.rng.randint(1, MOST_IN_MESSAGE)
            rows, due = due[:size], due[size:]
            for row in rows:
                row.dispatched, row.dispatch = True, row.dispatch + 1
            self._stage.note("dispatcher", f"sends {[(row.execution_id, row.dispatch) for row in rows]}")
            message = Message(_body(rows), {row.execution_id: row.dispatch for row in rows})
            twice = self._stage.until("amqp-twice", 0) > 0
            self._ready += [message, Message(message.body, message.dispatches)] if twice else [message]

    def _is_due(self, row: Row, known: set[tuple[int, int]]) -> bool:
        """Also what was dispatched and is not in the broker any more: redelivery finds it."""
        if row.status != ExecutionStatus.QUEUED or row.available_at > self._stage.now + self._ahead:
            return False
        return not row.dispatched or (row.execution_id, row.dispatch) not in known

    def _messages(self) -> list[Message]:
        return [*self._ready, *(message for channel in self._channels for message in channel.unacked)]

    def _deliver(self) -> None:
        rng = self._stage.rng
        while self._ready:
            able = [c for c in self._channels if c.consuming and len(c.unacked) < PREFETCH]
            if not able or self._stage.until("amqp-away", 0):
                return
            channel = rng.choice(able)
            message = self._ready.pop(0)
            channel.unacked.append(message)
            receive = self._stage.loop.context_of(channel.process, "receive")
            delivery = Delivery(QUEUE, message.body, Tagged(channel, message))
            self._stage.loop.call_later(0.002 * rng.random(), channel.on_delivery, delivery, context=receive)


def _body(rows: list[Row]) -> bytes:
    at = to_microseconds(START)
    return encode(Dispatch([Dispatched(row.execution_id, at, row.job_id, row.attempt) for row in rows]))
