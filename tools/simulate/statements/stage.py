"""The stage of one story: its gate, its time, its broker, and what its actors have in common."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

from foliot.common.clock import Clock
from foliot.common.ledger import again
from foliot.common.ledger.postgres import Session
from simulate.statements.broker import Broker
from simulate.statements.choices import Seeded
from simulate.statements.clock import ProcessClock, StoryTime
from simulate.statements.effects import Effects
from simulate.statements.gate import Gate
from simulate.statements.gated import GatedDatabase
from simulate.statements.step import ACT, Crash
from simulate.statements.world import World

_Unit = TypeVar("_Unit")
EXPECTED = (Crash, asyncio.CancelledError)
"""The ends that any act may have."""


class Stage:
    """`seed` decides all that happens on it."""

    def __init__(self, world: World, seed: int, choice: Seeded, dawn: datetime, *, faulty: bool) -> None:
        self.world = world
        self.seed = seed
        self.choice = choice
        self.gate = Gate(choice, world.waits)
        self.time = StoryTime(dawn)
        self.effects = Effects()
        self.broker = Broker(seed, self.gate, faulty=faulty)
        self.czxids = itertools.count(1)
        self._acts = itertools.count(1)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.errors: list[BaseException] = []
        self.gate.on_death = self._died
        again.CLOCK = self.clock("rolled back")

    def _died(self, process: str) -> None:
        self.broker.give_back(process)
        self.effects.process_died(process, self.gate.steps)

    def clock(self, process: str) -> Clock:
        return ProcessClock(self.time, self.gate, process)

    def database(self, role: str, unit: Callable[[Session], _Unit], process: str) -> GatedDatabase[_Unit]:
        return GatedDatabase(self.world.connections[role], unit, self.gate, process, self.effects)

    def start(
        self, work: Coroutine[Any, Any, Any], name: str, *, tolerates: tuple[type[BaseException], ...] = ()
    ) -> asyncio.Task[None]:
        """Let an actor do something. An error that it does not tolerate is a fault of the product."""

        async def guarded() -> None:
            try:
                await work
            except BaseException as error:
                if not isinstance(error, (*EXPECTED, *tolerates)):
                    self.errors.append(error)

        context = contextvars.copy_context()
        context.run(ACT.set, next(self._acts))
        task = asyncio.create_task(guarded(), name=name, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """End what still waits; nothing of a story reaches the next one."""
        for _ in range(3):
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            ours = [task for task in others if task.get_coro() is not None and not task.get_name().startswith("keep")]
            for task in ours:
                task.cancel()
            await asyncio.gather(*ours, return_exceptions=True)
