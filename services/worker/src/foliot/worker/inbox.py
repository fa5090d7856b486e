"""What was delivered and is not claimed yet: urgent before high before normal."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

import msgspec

from foliot.common.broker.messages import Dispatched, from_microseconds
from foliot.common.clock import Clock
from foliot.common.model.execution import Handle


class Acks(Protocol):
    """A delivery, as far as the inbox is concerned."""

    async def ack(self) -> None: ...


class Parcel:
    """One message; acked when everything it named is settled."""

    __slots__ = ("delivery", "left")

    def __init__(self, delivery: Acks, count: int) -> None:
        self.delivery = delivery
        self.left = count


class Held(msgspec.Struct, frozen=True):
    """One execution that waits here for a slot."""

    dispatched: Dispatched
    handle: Handle
    parcel: Parcel
    received_at: float
    rank: int


class Inbox:
    """Bounded by the windows of the queues (what the scheduler hands out) and the prefetch."""

    def __init__(self, classes: int, clock: Clock, claimable: asyncio.Event) -> None:
        self._waiting: list[deque[Held]] = [deque() for _ in range(classes)]
        self._clock = clock
        self._claimable = claimable

    def __len__(self) -> int:
        return sum(len(waiting) for waiting in self._waiting)

    def put(self, rank: int, dispatched: list[Dispatched], delivery: Acks) -> None:
        """Executions of one message; `rank` 0 is the most urgent class."""
        parcel, now = Parcel(delivery, len(dispatched)), self._clock.elapsed()
        self._waiting[rank].extend(
            Held(d, Handle(d.execution_id, from_microseconds(d.scheduled_time_us)), parcel, now, rank)
            for d in dispatched
        )
        self._claimable.set()

    def take(self, limit: int) -> list[Held]:
        """At most `limit`, the most urgent first."""
        taken: list[Held] = []
        for waiting in self._waiting:
            while waiting and len(taken) < limit:
                taken.append(waiting.popleft())
        return taken

    def take_older_than(self, seconds: float, limit: int) -> list[Held]:
        """Those that waited here for longer than `seconds`."""
        latest = self._clock.elapsed() - seconds
        taken: list[Held] = []
        for waiting in self._waiting:
            while waiting and waiting[0].received_at < latest and len(taken) < limit:
                taken.append(waiting.popleft())
        return taken

    def put_back(self, held: list[Held]) -> None:
        """To the front again, in the order they had; they stay as old as they were."""
        for item in reversed(held):
            self._waiting[item.rank].appendleft(item)
        self._claimable.set()


async def settle(held: list[Held]) -> None:
    """What these executions asked for is committed or void: ack the messages that are through."""
    for item in held:
        item.parcel.left -= 1
        if item.parcel.left == 0:
            await item.parcel.delivery.ack()
