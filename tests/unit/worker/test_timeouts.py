"""One timer for all attempts: each is stopped at its own deadline, and none but those that run."""

from __future__ import annotations

import asyncio
from typing import Any

from foliot.worker.running import TIMED_OUT, Running
from foliot.worker.timeouts import Timeouts
from support.clocks import ManualClock


class World:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.running = Running(100, asyncio.Event())
        self.timeouts = Timeouts(self.running, self.clock)

    async def start(self, execution_id: int, seconds: float) -> asyncio.Task[None]:
        claimed: Any = type("Claimed", (), {"execution_id": execution_id})()
        entry = self.running.add(claimed, self.clock.elapsed() + seconds)
        entry.task = asyncio.create_task(asyncio.sleep(3600))
        await asyncio.sleep(0)
        self.timeouts.watch(entry.deadline)
        return entry.task

    def stopped(self) -> set[int]:
        return {e.claimed.execution_id for e in self.running.entries() if e.stopped_for == TIMED_OUT}

    def end(self) -> None:
        for entry in self.running.entries():
            if entry.task is not None:
                entry.task.cancel()


async def test_each_is_stopped_at_its_own_deadline() -> None:
    world = World()
    for execution_id, seconds in ((1, 300.0), (2, 5.0), (3, 60.0), (4, 5.0)):
        await world.start(execution_id, seconds)
    assert world.clock.armed == [1005.0]
    world.clock.advance(4.9)
    assert world.stopped() == set()
    world.clock.advance(0.1)
    assert world.stopped() == {2, 4}
    assert world.clock.armed == [1060.0]
    world.clock.advance(55)
    assert world.stopped() == {2, 3, 4}
    world.clock.advance(240)
    assert world.stopped() == {1, 2, 3, 4}
    assert world.clock.armed == []
    world.end()


async def test_what_has_ended_costs_no_timer_and_is_not_stopped() -> None:
    world = World()
    for execution_id in range(1, 11):
        await world.start(execution_id, 10.0)
        world.running.remove(execution_id)
    done = await world.start(11, 10.0)
    done.cancel()
    await asyncio.gather(done, return_exceptions=True)
    assert world.clock.armed == [1010.0]
    world.clock.advance(10)
    assert world.stopped() == set()


async def test_a_later_attempt_with_a_shorter_timeout_is_not_overlooked() -> None:
    world = World()
    await world.start(1, 300.0)
    world.clock.advance(250)
    await world.start(2, 1.0)
    world.clock.advance(1)
    assert world.stopped() == {2}
    assert world.clock.armed == [1300.0]
    world.end()
