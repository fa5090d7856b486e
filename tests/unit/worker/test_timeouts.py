"""One timer for all attempts: each is stopped at its own deadline, and none but those that run."""

from __future__ import annotations

import asyncio
from typing import Any

from foliot.worker.running import TIMED_OUT, Running
from foliot.worker.timeouts import Timeouts


class Loop:
    """The part of an event loop that timers need; its time is the test's."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Any, *args: Any) -> Timer:
        self.timers.append(timer := Timer(when, callback, args))
        return timer

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for timer in [t for t in self.timers if t.when <= self.now and not t.cancelled]:
            self.timers.remove(timer)
            timer.callback(*timer.args)

    @property
    def armed(self) -> list[float]:
        return [timer.when for timer in self.timers if not timer.cancelled]


class Timer:
    def __init__(self, when: float, callback: Any, args: tuple[Any, ...]) -> None:
        self.when, self.callback, self.args = when, callback, args
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class World:
    def __init__(self) -> None:
        self.loop: Any = Loop()
        self.running = Running(100, asyncio.Event())
        self.timeouts = Timeouts(self.running)

    async def start(self, execution_id: int, seconds: float) -> asyncio.Task[None]:
        claimed: Any = type("Claimed", (), {"execution_id": execution_id})()
        entry = self.running.add(claimed, self.loop.time() + seconds)
        entry.task = asyncio.create_task(asyncio.sleep(3600))
        await asyncio.sleep(0)
        self.timeouts.watch(self.loop, entry.deadline)
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
    assert world.loop.armed == [105.0]
    world.loop.advance(4.9)
    assert world.stopped() == set()
    world.loop.advance(0.1)
    assert world.stopped() == {2, 4}
    assert world.loop.armed == [160.0]
    world.loop.advance(55)
    assert world.stopped() == {2, 3, 4}
    world.loop.advance(240)
    assert world.stopped() == {1, 2, 3, 4}
    assert world.loop.armed == []
    world.end()


async def test_what_has_ended_costs_no_timer_and_is_not_stopped() -> None:
    world = World()
    for execution_id in range(1, 11):
        await world.start(execution_id, 10.0)
        world.running.remove(execution_id)
    done = await world.start(11, 10.0)
    done.cancel()
    await asyncio.gather(done, return_exceptions=True)
    assert world.loop.armed == [110.0]
    world.loop.advance(10)
    assert world.stopped() == set()


async def test_a_later_attempt_with_a_shorter_timeout_is_not_overlooked() -> None:
    world = World()
    await world.start(1, 300.0)
    world.loop.advance(250)
    await world.start(2, 1.0)
    world.loop.advance(1)
    assert world.stopped() == {2}
    assert world.loop.armed == [400.0]
    world.end()
