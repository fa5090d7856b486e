"""Every delivery ends in the inbox or in dead_letter_queue, whatever it holds, and says so if it does not."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from foliot.common.broker.consuming import Delivery
from foliot.common.broker.guard import Down
from foliot.common.broker.messages import EARLIEST_US, LARGEST_BODY, LATEST_US, Unreadable
from foliot.worker.inbox import Inbox, settle
from foliot.worker.intake import Intake
from foliot.worker.unsettled import SETTLES_WITHIN, Unsettled
from support.clocks import ManualClock
from support.eventually import eventually

HOLD = 5.0
GOOD = [1, 1_800_000_000_000_000, 1, 1]


class Channel:
    """A channel of the broker that counts acks."""

    def __init__(self) -> None:
        self.is_closed = False
        self.acked: list[int] = []

    async def basic_ack(self, tag: int, wait: bool) -> None:
        self.acked.append(tag)


class Publisher:
    """Confirms what it is given, after it has been `away` so many times."""

    def __init__(self) -> None:
        self.away = 0
        self.letters: list[Unreadable] = []

    async def publish(self, queue: str, body: bytes, message_id: str) -> None:
        assert (queue, message_id) == ("dead_letter_queue", "unreadable")
        if self.away:
            self.away -= 1
            raise Down("away")
        self.letters.append(msgspec.json.decode(body, type=Unreadable))


class World:
    """An intake over a broker that only remembers."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.inbox = Inbox(3, self.clock, asyncio.Event())
        self.unsettled = Unsettled(self.clock)
        self.publisher = Publisher()
        self.channel = Channel()
        ranks = {"pending_jobs": 2}
        self.intake = Intake(self.inbox, self.unsettled, self.publisher, ranks, self.clock)  # type: ignore[arg-type]

    def deliver(self, body: bytes, tag: int = 1, queue: str = "pending_jobs") -> None:
        frame = type("Frame", (), {"delivery_tag": tag})
        message = type("Message", (), {"channel": self.channel, "delivery": frame})
        self.intake(Delivery(queue, body, message))

    async def set_aside(self) -> None:
        while self.intake._tasks:
            await asyncio.sleep(0)


def of(*executions: Any) -> bytes:
    return msgspec.json.encode({"type": "dispatch", "executions": executions})


UNREADABLE = {
    "a time beyond Python's": of([1, 2**62, 1, 1]),
    "the first microsecond beyond": of([1, LATEST_US + 1, 1, 1]),
    "the last microsecond before": of([1, EARLIEST_US - 1, 1, 1]),
    "an id over 64 bits": of([2**63, GOOD[1], 1, 1]),
    "a job_id over 64 bits": b'{"type":"dispatch","executions":[[1,1,99999999999999999999,1]]}',
    "no id": of([0, GOOD[1], 1, 1]),
    "a negative attempt": of([1, GOOD[1], 1, -1]),
    "an attempt beyond INT": of([1, GOOD[1], 1, 2**31]),
    "no executions": of(),
    "too few members": of([1, 2, 3]),
    "text for a number": of(["1", GOOD[1], 1, 1]),
    "a fraction": of([1.5, GOOD[1], 1, 1]),
    "one bad among good ones": of(GOOD, [2, 2**62, 1, 1], GOOD),
    "another type": b'{"type":"dead_letter","executions":[]}',
    "nothing": b"",
    "no UTF-8": b'{"type":"\xff"}',
    "nested": b"[" * 100_000,
    "too long": b" " * LARGEST_BODY + of(GOOD),
    "no queue of ours": of(GOOD),
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_what_cannot_be_read_is_set_aside_and_acked(what: str) -> None:
    world = World()
    world.deliver(UNREADABLE[what], queue="another" if what == "no queue of ours" else "pending_jobs")
    await world.set_aside()
    assert (len(world.publisher.letters), world.channel.acked, len(world.inbox)) == (1, [1], 0)
    assert world.publisher.letters[0].error
    assert world.unsettled.oldest_age() == 0.0


async def test_a_dispatch_with_the_utmost_values_is_taken() -> None:
    world = World()
    most = [2**63 - 1, LATEST_US, 2**63 - 1, 2**31 - 1]
    world.deliver(of(most, [1, EARLIEST_US, 1, 1], *[GOOD] * 250))
    held = world.inbox.take(1_000)
    assert len(held) == 252
    await settle(held)
    assert (world.channel.acked, world.publisher.letters) == ([1], [])


async def test_a_copy_that_is_not_confirmed_is_sent_again() -> None:
    """The broker delivers a message again only when its channel is gone, which may be never."""
    world = World()
    world.publisher.away = 3
    world.deliver(b"junk")

    async def acked() -> None:
        world.clock.advance(1)
        assert world.channel.acked == [1]

    await eventually(acked)
    assert len(world.publisher.letters) == 1


async def test_a_message_of_a_lost_channel_is_given_up() -> None:
    world = World()
    world.publisher.away = 10**9
    world.deliver(b"junk")
    world.channel.is_closed = True

    async def given_up() -> None:
        world.clock.advance(1)
        assert not world.intake._tasks

    await eventually(given_up)
    assert world.publisher.letters == []


async def test_a_delivery_that_does_not_end_makes_the_worker_not_ready() -> None:
    world = World()
    world.deliver(of(GOOD), tag=1)
    world.clock.advance(HOLD + SETTLES_WITHIN)
    world.deliver(of(GOOD), tag=2)
    assert world.unsettled.stuck(HOLD) is None
    world.clock.advance(1)
    assert "neither run nor handed back for 21 s (2 are here)" in str(world.unsettled.stuck(HOLD))
    await settle(world.inbox.take(1))
    assert world.unsettled.stuck(HOLD) is None


async def test_what_went_with_its_channel_is_not_stuck() -> None:
    world = World()
    world.deliver(of(GOOD))
    world.clock.advance(1_000)
    assert world.unsettled.stuck(HOLD)
    world.channel.is_closed = True
    assert world.unsettled.stuck(HOLD) is None
