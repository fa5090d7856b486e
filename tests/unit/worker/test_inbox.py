"""The inbox: urgent before normal, old before new, and an ack when a message is through."""

from __future__ import annotations

import asyncio

from foliot.worker.inbox import Held, Inbox, settle
from support.clocks import ManualClock
from unit.worker.making import TIME, Delivery, dispatched


class World:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.claimable = asyncio.Event()
        self.inbox = Inbox(3, self.clock, self.claimable)

    def put(self, rank: int, *execution_ids: int) -> Delivery:
        delivery = Delivery()
        self.inbox.put(rank, dispatched(*execution_ids), delivery)
        return delivery


def ids(held: list[Held]) -> list[int]:
    return [item.handle.execution_id for item in held]


def test_the_most_urgent_are_taken_first_and_the_oldest_of_a_class() -> None:
    world = World()
    world.put(2, 1, 2)
    world.put(0, 3)
    world.put(1, 4)
    world.put(0, 5)
    assert len(world.inbox) == 5
    assert ids(world.inbox.take(3)) == [3, 5, 4]
    assert ids(world.inbox.take(3)) == [1, 2]
    assert ids(world.inbox.take(3)) == []


def test_an_execution_is_held_with_its_key() -> None:
    world = World()
    world.put(1, 9)
    (held,) = world.inbox.take(1)
    assert (held.handle.execution_id, held.handle.scheduled_time) == (9, TIME)


def test_a_delivery_calls_the_claimer() -> None:
    world = World()
    world.put(0, 1)
    assert world.claimable.is_set()


def test_only_those_that_waited_too_long_are_handed_back() -> None:
    world = World()
    world.put(2, 1, 2)
    world.clock.advance(4)
    world.put(0, 3)
    world.clock.advance(1)
    assert ids(world.inbox.take_older_than(5, 10)) == []
    world.clock.advance(0.5)
    assert ids(world.inbox.take_older_than(5, 1)) == [1]
    assert ids(world.inbox.take_older_than(5, 10)) == [2]
    assert ids(world.inbox.take(10)) == [3]


def test_put_back_keeps_order_rank_and_age() -> None:
    world = World()
    world.put(2, 1, 2)
    world.put(0, 3)
    taken = world.inbox.take(3)
    world.clock.advance(6)
    world.put(2, 4)
    world.put(0, 5)
    world.claimable.clear()
    world.inbox.put_back(taken)
    assert world.claimable.is_set()
    assert ids(world.inbox.take_older_than(5, 10)) == [3, 1, 2]
    assert ids(world.inbox.take(10)) == [5, 4]


async def test_a_message_is_acked_once_when_all_of_it_is_settled() -> None:
    world = World()
    first, second = world.put(0, 1, 2, 3), world.put(1, 4)
    await settle(world.inbox.take(2))
    assert (first.acked, second.acked) == (0, 0)
    await settle(world.inbox.take(2))
    assert (first.acked, second.acked) == (1, 1)
