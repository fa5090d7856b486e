"""Dispatch: hands committed executions to the broker, and sends them again until the broker has confirmed them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import structlog

from foliot.common.broker.guard import Down, Rejected, Silent
from foliot.common.broker.messages import Dispatch, Dispatched, encode, to_microseconds
from foliot.common.broker.topology import PriorityClass, Queue, class_of, pool_queues, queue_name
from foliot.common.clock import Clock
from foliot.common.model.execution import Handout
from foliot.common.model.ticks import PlainTick, Tick
from foliot.scheduler import events, metrics
from foliot.scheduler.windows import Windows

HAND_OUT_AHEAD = timedelta(milliseconds=60)
"""Time by which a run is planned and handed out early. The worker that has claimed it holds it until its time, so the
way through PostgreSQL and RabbitMQ does not make it late."""
EXECUTIONS_PER_MESSAGE = 250
"""Most executions that one message names. With 250 instead of 50, RabbitMQ's CPU a job fell from 12 to 6 us."""
WEDGED_AFTER = 4
"""Publishes in a row to which a queue gave no answer before it counts as wedged. A few may be a slow broker's."""
_log = structlog.get_logger()
Reserve = Callable[[Sequence[Tick] | Sequence[PlainTick], datetime], None]
"""Takes places in the windows for ticks, at a time by the database's clock."""


class Publishes(Protocol):
    """The part of a broker that the dispatcher needs. Each method raises Down (outcome unknown) or Rejected."""

    async def publish(self, queue: str, body: bytes, message_id: str) -> None: ...

    async def declare(self, queues: Iterable[Queue]) -> None: ...

    async def rebuild(self, queue: Queue) -> None: ...


class Message(msgspec.Struct, frozen=True):
    """One message to a queue of a pool. `available_at`: one time for each of its executions, to measure the lag."""

    pool: str
    queue: str
    message_id: str
    body: bytes
    available_at: list[datetime]


class Dispatcher:
    """The leader's memory of the messages that the broker has not confirmed yet. The windows bound its size."""

    RESEND_INTERVAL = 0.25
    """Seconds between two attempts to send unconfirmed messages."""

    def __init__(self, publisher: Publishes, windows: Windows, pools: set[str], clock: Clock) -> None:
        self._publisher = publisher
        self._windows = windows
        self._pools = pools
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._unconfirmed: list[Message] = []
        self._silent: Counter[str] = Counter()

    @contextlib.contextmanager
    def reservation(self) -> Iterator[Reserve]:
        """Around a transaction: what `reserve` takes in it is given back if the transaction fails."""
        reserved: list[Tick | PlainTick] = []

        def reserve(ticks: Sequence[Tick] | Sequence[PlainTick], now: datetime) -> None:
            reserved.extend(ticks)
            self._reserve(ticks, now)

        try:
            yield reserve
        except BaseException:
            for tick in reserved:
                if tick.dispatch:
                    tick.dispatch = False
                    self._windows.give_back(tick.pool, tick.priority, 1)
            raise

    def _reserve(self, ticks: Sequence[Tick] | Sequence[PlainTick], now: datetime) -> None:
        """Set `dispatch` on each tick that is available within HAND_OUT_AHEAD and has room in its queue's window."""
        ready: defaultdict[tuple[str, int], list[Tick | PlainTick]] = defaultdict(list)
        for tick in ticks:
            if tick.available_at is not None and tick.available_at <= now + HAND_OUT_AHEAD:
                ready[tick.pool, tick.priority].append(tick)
        for (pool, priority), group in sorted(ready.items(), key=lambda item: -item[0][1]):
            for tick in group[: self._windows.take(pool, priority, len(group))]:
                tick.dispatch = True

    def send(self, handouts: Sequence[Handout]) -> None:
        """Publish committed executions in the background. Never fails: unconfirmed messages wait for `resend`."""
        for message in messages(handouts, self._windows.spread):
            self._start(message)

    def _start(self, message: Message) -> None:
        task = asyncio.create_task(self._publish_or_keep(message), name="publish")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _publish_or_keep(self, message: Message) -> None:
        if not await self._publish(message):
            self._unconfirmed.append(message)

    async def _publish(self, message: Message) -> bool:
        """True if the broker has confirmed the message."""
        if not await self._has_pool(message.pool):
            return False
        try:
            await self._publisher.publish(message.queue, message.body, message.message_id)
        except Silent:
            self._silent[message.queue] += 1
            return False
        except Down:
            return False
        except Rejected:
            self._pools.discard(message.pool)  # somebody deleted the queue: the next try declares it
            return False
        self._silent.pop(message.queue, None)
        now = self._clock.now()
        for available_at in message.available_at:
            metrics.LAG.observe(max(0.0, (now - available_at).total_seconds()))
        return True

    async def _has_pool(self, pool: str) -> bool:
        """Declare the queues of a pool that is new. False if the broker did not answer."""
        if pool not in self._pools:
            try:
                await self._publisher.declare(pool_queues(pool))
            except (Down, Rejected):
                return False
            self._pools.add(pool)
        return True

    async def resend(self) -> None:
        """Send unconfirmed messages again. The first goes alone: the broker may still be away. If it fails it goes to
        the end, because its queue may be the only one in trouble."""
        await self._rebuild_wedged()
        if not self._unconfirmed:
            return
        metrics.RESENT.inc()
        confirmed = await self._publish(self._unconfirmed[0])
        first, *rest = self._unconfirmed
        if not confirmed:
            self._unconfirmed = [*rest, first]
            return
        self._unconfirmed = []
        metrics.RESENT.inc(len(rest))
        for message in rest:
            self._start(message)

    async def _rebuild_wedged(self) -> None:
        """Rebuild wedged queues: a queue that took messages on several fresh links and confirmed none never will (a
        quorum queue whose broker died just after declaring it). No message is missed, because PostgreSQL is the
        truth."""
        for queue in [name for name, times in self._silent.items() if times >= WEDGED_AFTER]:
            del self._silent[queue]
            with contextlib.suppress(Down, Rejected):
                await self._publisher.rebuild(Queue(queue))
                _log.error(events.QUEUE_REBUILT, queue=queue)

    @property
    def pools(self) -> Set[str]:
        """The pools whose queues the broker has. The set grows as new pools are sent to."""
        return self._pools

    @property
    def unconfirmed(self) -> int:
        """Messages that the broker has not confirmed yet, those under way included."""
        return len(self._unconfirmed) + len(self._tasks)

    async def close(self, grace: float) -> None:
        """Give publishes under way `grace` seconds; the next leader sends again what is not confirmed by then."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()


def messages(handouts: Sequence[Handout], spread: Callable[[str], int]) -> list[Message]:
    """Group executions by queue into messages, the most urgent class first.

    `spread`: the number of messages over which a pool's executions are spread. None of them names more than
    EXECUTIONS_PER_MESSAGE, so there may be more.
    """
    groups: defaultdict[tuple[str, PriorityClass], list[Handout]] = defaultdict(list)
    for item in handouts:
        groups[item.pool, class_of(item.priority)].append(item)
    order = list(PriorityClass)
    made = []
    for (pool, cls), group in sorted(groups.items(), key=lambda item: (order.index(item[0][1]), item[0][0])):
        size = min(EXECUTIONS_PER_MESSAGE, -(-len(group) // spread(pool)))
        made += [_message(pool, cls, group[start : start + size]) for start in range(0, len(group), size)]
    return made


def _message(pool: str, cls: PriorityClass, group: Sequence[Handout]) -> Message:
    body = encode(
        Dispatch(
            [Dispatched(h.execution_id, to_microseconds(h.scheduled_time), h.job_id, h.attempt_number) for h in group]
        )
    )
    message_id = f"{group[0].execution_id}:{group[0].attempt_number}"
    return Message(pool, queue_name(pool, cls), message_id, body, [h.available_at for h in group])
