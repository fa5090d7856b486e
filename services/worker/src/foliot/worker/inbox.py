"""Inbox: executions that were delivered and are not claimed yet; urgent before high before normal."""

from __future__ import annotations

import asyncio
from collections import deque

import msgspec

from foliot.common.broker.messages import Dispatched, from_microseconds
from foliot.common.clock import Clock
from foliot.common.model.execution import Handle
from foliot.worker.unsettled import Acks


class Parcel:
    """One message; `left` counts its executions that are not settled. It is acked when none is left."""

    __slots__ = ("delivery", "left")

    def __init__(self, delivery: Acks, count: int) -> None:
        self.delivery = delivery
        self.left = count


class Held(msgspec.Struct, frozen=True):
    """One execution that waits here for a slot. `received_at`: by the clock's elapsed(). `rank`: 0 is the most
    urgent."""

    dispatched: Dispatched
    handle: Handle
    parcel: Parcel
    received_at: float
    rank: int


class Inbox:
    """One queue for each class of urgency. Its size is bounded from outside: by the windows within which the scheduler
    hands out executions, and by the prefetch. `claimable` is set when something comes."""

    def __init__(self, classes: int, clock: Clock, claimable: asyncio.Event) -> None:
        self._waiting: list[deque[Held]] = [deque() for _ in range(classes)]
        self._clock = clock
        self._claimable = claimable

    def __len__(self) -> int:
        return sum(len(waiting) for waiting in self._waiting)

    def put(self, rank: int, dispatched: list[Dispatched], delivery: Acks) -> None:
        """Add the executions of one message; `rank` 0 is the most urgent class."""
        parcel, now = Parcel(delivery, len(dispatched)), self._clock.elapsed()
        held = [
            Held(d, Handle(d.execution_id, from_microseconds(d.scheduled_time_us)), parcel, now, rank)
            for d in dispatched
        ]
        self._waiting[rank] += held
        self._claimable.set()

    def take(self, limit: int) -> list[Held]:
        """Remove and return at most `limit`, the most urgent first, the oldest of a class first."""
        taken: list[Held] = []
        for waiting in self._waiting:
            while waiting and len(taken) < limit:
                taken.append(waiting.popleft())
        return taken

    def take_older_than(self, seconds: float, limit: int) -> list[Held]:
        """Remove and return at most `limit` of those that have waited here for longer than `seconds`."""
        latest = self._clock.elapsed() - seconds
        taken: list[Held] = []
        for waiting in self._waiting:
            while waiting and waiting[0].received_at < latest and len(taken) < limit:
                taken.append(waiting.popleft())
        return taken

    def put_back(self, held: list[Held]) -> None:
        """Return them to the front, in the order they had and as old as they were."""
        for item in reversed(held):
            self._waiting[item.rank].appendleft(item)
        self._claimable.set()


async def settle(held: list[Held]) -> None:
    """These executions are claimed, handed back or void, and that is committed: ack each message that has none left."""
    for item in held:
        item.parcel.left -= 1
        if item.parcel.left == 0:
            await item.parcel.delivery.ack()
