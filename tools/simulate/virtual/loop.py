"""A loop of virtual time and seeded order: a story of a minute takes milliseconds, and the same seed gives the same one.

`time()` is a number that jumps to the next timer when nothing is ready. The next step is drawn by the seed, not by who
came first.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from heapq import heappop, heappush
from typing import Any, TypeVarTuple

from simulate.virtual.owners import OWNER, Owner, Process

_Args = TypeVarTuple("_Args")
STRIKE_LOOK = 0.05
WORLD = "world"
"""The process of everything that is no process of the product: servers, networks, the story itself."""


class Deadlock(Exception):
    """Nothing is ready and no timer is set: the tasks that are named wait for ever."""


class Endless(Exception):
    """The story took more steps than any story needs."""


class Ready:
    """The callbacks that are ready. It stands in the place of asyncio's deque.

    The draw is a hash of seed, owner and number of the step: the order in which callbacks came in has no say, because
    asyncio keeps tasks in sets. With `fair`, everything that is ready now comes before what it makes ready, as in a turn
    of asyncio; without, an owner can be overtaken any number of times.
    """

    def __init__(self, seed: int, *, fair: bool) -> None:
        self._seed = seed
        self._fair = fair
        self._turn = 0
        self._heads: list[tuple[int, int, int, Owner]] = []
        self._default = Owner(0, Process(WORLD), WORLD)

    def __len__(self) -> int:
        return len(self._heads)

    def append(self, handle: asyncio.Handle) -> None:
        owner = handle._context.get(OWNER, self._default)  # type: ignore[attr-defined]
        owner.line.append(handle)
        if len(owner.line) == 1 and not owner.held:
            self._enter(owner)

    def clear(self) -> None:
        self._heads.clear()

    def _enter(self, owner: Owner) -> None:
        owner.drawn += 1
        draw = hash((self._seed, owner.number, owner.drawn))
        heappush(self._heads, (self._turn + 1 if self._fair else 0, draw, owner.number, owner))

    def draw(self) -> tuple[Owner, asyncio.Handle] | None:
        """Take the next callback, None if only stopped processes have any."""
        heads = self._heads
        while heads:
            self._turn, _, _, owner = heappop(heads)
            if owner.process.stopped:
                owner.held = True
                owner.process.held.append(owner)
                continue
            handle = owner.line.popleft()
            if owner.line:
                self._enter(owner)
            if not handle.cancelled():
                return owner, handle
        return None

    def resume(self, process: Process) -> None:
        held, process.held = process.held, []
        for owner in held:
            owner.held = False
            self._enter(owner)


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop. `on_jump` is called before time goes on, when everything of this instant is done."""

    def __init__(self, seed: int, *, fair: bool, most_steps: int) -> None:
        super().__init__()
        self._now = 0.0
        self._next_owner = 0
        self._most_steps = most_steps
        self._ready = Ready(seed, fair=fair)
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._timers_made = 0
        self.steps = 0
        self.digest = 0
        self.pairs: set[tuple[str, str]] = set()
        self._label = WORLD
        self._stopped: list[Process] = []
        self.world = Process(WORLD)
        self.on_jump: Callable[[], None] = lambda: None

    def time(self) -> float:
        return self._now

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Args], object],
        *args: *_Args,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._timers_made += 1
        heappush(self._timers, (when, self._timers_made, timer))
        return timer

    def call_soon(
        self, callback: Callable[[*_Args], object], *args: *_Args, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: contextvars.Context | None = None
    ) -> asyncio.Task[Any]:
        parent = OWNER.get(None)
        process = self.world if parent is None else parent.process
        context = contextvars.copy_context() if context is None else context
        context.run(OWNER.set, self.owner(process, name or "task"))
        return asyncio.Task(coro, loop=self, name=name, context=context)

    def owner(self, process: Process, name: str) -> Owner:
        self._next_owner += 1
        return Owner(self._next_owner, process, f"{process.name}:{name.rstrip('-0123456789')}")

    def context_of(self, process: Process, name: str) -> contextvars.Context:
        """A context whose callbacks belong to `process`."""
        context = contextvars.copy_context()
        context.run(OWNER.set, self.owner(process, name))
        return context

    async def strike_after(self, process: Process, name: str, within: float, strike: Callable[[], None]) -> None:
        """Strike after the next step of a task of the process, in the middle of a turn; with no name, or if no step
        comes within the seconds, at once."""
        process.awaited, process.strike = name, strike
        until = self._now + within
        while process.awaited and self._now < until:
            await asyncio.sleep(STRIKE_LOOK)
        if process.awaited or not name:
            process.awaited = ""
            strike()

    def stop_process(self, process: Process, *, kill: bool = False) -> None:
        if not process.stopped:
            process.stopped, process.stopped_at = True, self._now
        process.killed = process.killed or kill
        process.kept = asyncio.all_tasks(self)  # tasks that nobody knows any more must not be collected before the end
        self._stopped.append(process)

    def resume_process(self, process: Process) -> None:
        if process.stopped and not process.killed:
            process.stopped = False
            process.resumed_at = self._now
            self._ready.resume(process)

    def resume_all(self) -> None:
        """Let every process go on, those that were killed too: their tasks can then be cancelled."""
        for process in self._stopped:
            process.killed = False
            self.resume_process(process)

    def _write_to_self(self) -> None:
        """Nothing sleeps in a selector, so nobody has to be woken."""

    def _run_once(self) -> None:
        drawn = self._ready.draw()
        while drawn is None:
            self._jump()
            drawn = self._ready.draw()
        owner, handle = drawn
        self.steps += 1
        if self.steps > self._most_steps:
            raise Endless(f"{self.steps} steps, and it is {self._now:.3f} s")
        self.digest = hash((self.digest, owner.number, self._now))
        if owner.label != self._label:
            self.pairs.add((self._label, owner.label))
            self._label = owner.label
        handle._run()
        process = owner.process
        if process.awaited and owner.label.endswith(process.awaited):
            process.awaited = ""
            process.strike()

    def _jump(self) -> None:
        """Go on to the next timer, and make all timers of that instant ready."""
        self.on_jump()
        timers = self._timers
        while timers and timers[0][2].cancelled():
            heappop(timers)
        if not timers:
            waiting = sorted(task.get_name() for task in asyncio.all_tasks(self))
            raise Deadlock(f"waiting for ever at {self._now:.3f} s: {', '.join(waiting)}")
        self._now = now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= now:
            self._ready.append(heappop(timers)[2])
