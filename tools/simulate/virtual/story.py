"""A story: one run of a machine from one seed, with its faults, its invariants and what can be told of it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
from collections import defaultdict
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import msgspec

from simulate.virtual.clock import VirtualClock
from simulate.virtual.loop import Deadlock, Endless, VirtualLoop
from simulate.virtual.owners import Process

EVERYBODY = -1
"""The target of a fault that meets every process."""
UNFAIR_EACH = 4
"""One seed of so many lets a task be overtaken any number of times; the others keep the turns of asyncio."""
MOST_STEPS = 60_000
CLEAN_UP = 120.0
"""Virtual seconds that cancelled tasks have to end, after the story was judged."""


class Fault(msgspec.Struct, frozen=True):
    """A fault from `at` for `lasts` seconds; `target` is the number of the process that it meets."""

    at: float
    lasts: float
    kind: str
    target: int = EVERYBODY

    def __str__(self) -> str:
        who = "everybody" if self.target == EVERYBODY else f"process {self.target}"
        return f"{self.at:7.3f} s  {self.kind} for {self.lasts:.3f} s, meets {who}"


class Plan(msgspec.Struct, frozen=True):
    """What a seed makes of a machine: its number of actors and its faults. Shrinking takes away from both."""

    size: int
    faults: tuple[Fault, ...]


class Outcome(msgspec.Struct):
    """How a story ended. `violation`: (invariant, detail) of the first one."""

    seed: int
    plan: Plan
    digest: int = 0
    steps: int = 0
    seconds: float = 0.0
    violation: tuple[str, str] | None = None
    notes: list[str] = []
    pairs: set[tuple[str, str]] = set()


class Machine(Protocol):
    """A part of the product with the model of its surroundings."""

    name: str

    def draw(self, rng: random.Random) -> Plan: ...

    async def play(self, stage: Stage) -> None:
        """Play the story to its end, faults over and everything at rest, and judge it."""
        ...


class Stage:
    """All that a machine needs to play: loop, clock, draws, faults, and where violations go."""

    def __init__(self, seed: int, plan: Plan, loop: VirtualLoop, *, told: bool) -> None:
        self.seed = seed
        self.plan = plan
        self.loop = loop
        self.clock = VirtualClock(loop)
        self.rng = random.Random(f"story {seed}")
        self.told = told
        self.notes: list[str] = []
        self.violation: tuple[str, str] | None = None
        self.judging = True
        self.windows: defaultdict[str, list[tuple[float, float, int]]] = defaultdict(list)
        for fault in plan.faults:
            self.windows[fault.kind].append((fault.at, fault.at + fault.lasts, fault.target))

    @property
    def now(self) -> float:
        return self.loop.time()

    def until(self, kind: str, target: int) -> float:
        """When the fault of this kind that holds now ends for the target; 0.0 if there is none."""
        if kind not in self.windows:
            return 0.0
        now = self.loop.time()
        ends = (e for b, e, t in self.windows[kind] if b <= now < e and t in (EVERYBODY, target))
        return max(ends, default=0.0)

    def violate(self, invariant: str, detail: str) -> None:
        """An invariant does not hold: the story ends here. The first one counts."""
        if self.judging and self.violation is None:
            self.violation = (invariant, f"at {self.now:.3f} s: {detail}")
            self.note("JUDGE", f"{invariant}: {detail}")
            if self.loop.is_running():
                self.loop.stop()

    def expect(self, holds: bool, invariant: str, detail: Callable[[], str]) -> None:
        if not holds:
            self.violate(invariant, detail())

    def note(self, who: str, what: str) -> None:
        if self.told and self.judging:
            self.notes.append(f"{self.now:9.4f}  {who:<12} {what}")

    def spawn(self, process: Process, coro: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """A task of a process."""
        return self.loop.context_of(process, name).run(self.loop.create_task, coro, name=name)

    async def quiet(self) -> None:
        """Wait until the last fault is over."""
        last = max((fault.at + fault.lasts for fault in self.plan.faults), default=0.0)
        await asyncio.sleep(max(0.0, last - self.now))


def play(machine: Machine, seed: int, plan: Plan | None = None, *, told: bool = False) -> Outcome:
    """Play one story. The same machine, seed and plan give the same digest."""
    drawn = machine.draw(random.Random(f"plan {seed}")) if plan is None else plan
    random.seed(seed)  # the product draws its jitter there
    loop = VirtualLoop(seed, fair=seed % UNFAIR_EACH != 0, most_steps=MOST_STEPS)
    stage = Stage(seed, drawn, loop, told=told)
    loop.set_exception_handler(lambda _, context: stage.violate("no error is lost", _error(context)))
    try:
        loop.run_until_complete(machine.play(stage))
    except (Deadlock, Endless) as error:
        stage.violate("nothing waits for ever", str(error))
    except Exception as error:
        if stage.violation is None:
            stage.violate("no error is lost", repr(error))
    gc.collect()  # tells of errors that nobody looked at
    outcome = Outcome(seed, drawn, loop.digest, loop.steps, loop.time(), stage.violation, stage.notes, loop.pairs)
    _clean_up(stage)
    return outcome


def _error(context: dict[str, Any]) -> str:
    return f"{context.get('message')} {context.get('exception')!r} {context.get('task') or ''}"


def _clean_up(stage: Stage) -> None:
    """End what still runs, the processes that were killed too, so that nothing is destroyed while it is pending."""
    loop = stage.loop
    stage.judging = False
    loop.on_jump = lambda: None
    loop.resume_all()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    while tasks := asyncio.all_tasks(loop):
        # A story that ends at its violation may leave behind the call that stops the loop: then once more.
        with contextlib.suppress(RuntimeError):
            with contextlib.suppress(Deadlock, Endless):
                loop.run_until_complete(asyncio.wait(tasks, timeout=CLEAN_UP))
            break
    loop.close()
