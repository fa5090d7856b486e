"""The gate: every statement and every COMMIT of a story is a step that waits here until a seeded choice lets it go.

Between two steps nothing moves: the gate waits until all code has come back to it, or stands behind a lock of
PostgreSQL. So a seed decides the whole order, and the hash of the order says whether two runs were the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from simulate.statements.choices import Choice
from simulate.statements.halted import Halted
from simulate.statements.step import Crash, Fault, Step, Stuck
from simulate.statements.waits import Waits

PATIENCE = 0.002
"""Seconds after which a statement that is not done is asked for: it may stand behind a lock."""
MAX_STEPS = 5_000
"""Steps of one story. More means that something goes round in a circle."""
_NUMBER = re.compile(r"[-\d]+| \d+")


class Gate:
    """`choice` draws the next step and its fault; `waits` says who stands behind whose lock."""

    def __init__(self, choice: Choice, waits: Waits) -> None:
        self._choice = choice
        self._waits = waits
        self._waiting: list[Step] = []
        self._flying: list[Step] = []
        self._halted = Halted()
        self._behind: Mapping[int, Sequence[int]] = {}
        self._dead: set[str] = set()
        self._cut_off: set[str] = set()
        self._loop: Any = asyncio.get_running_loop()
        self.on_death: Callable[[str], None] = lambda process: None
        self.trace: list[str] = []
        self.pairs: set[tuple[str, str]] = set()
        self._before = ("", "")
        self.deadlocks: Counter[str] = Counter()
        self.steps = 0

    # How a process goes through.

    async def enter(self, process: str, label: str, pid: int | None = None, *, idle: bool = False) -> Step:
        """Wait for the permit. The caller calls `leave` when the step is over. Raises Crash."""
        if process in self._dead:
            raise Crash(process)
        step = Step(process, label, pid, idle)
        self._waiting.append(step)
        try:
            await step.permit
        except asyncio.CancelledError:
            step.leave()
            if step in self._waiting:
                self._waiting.remove(step)
            raise
        return step

    def track(self, process: str, label: str, pid: int | None) -> Step:
        """Something on its way that needs no permit, such as a ROLLBACK: the gate waits for its end."""
        step = Step(process, label, pid, False)
        self._flying.append(step)
        return step

    def is_dead(self, process: str) -> bool:
        return process in self._dead

    def cut_off(self, process: str, cut: bool) -> None:
        """From now on each statement of this process finds PostgreSQL away, or no longer."""
        (self._cut_off.add if cut else self._cut_off.discard)(process)

    def kill(self, process: str) -> None:
        """Nothing of this process goes on from here. What PostgreSQL is doing for it goes on to its end."""
        if process in self._dead:
            return
        self._dead.add(process)
        for step in [step for step in self._waiting if step.process == process]:
            self._waiting.remove(step)
            step.leave()
            if not step.permit.done():
                step.permit.set_exception(Crash(process))
        self.on_death(process)

    # How a round goes on.

    async def run(self, *, to_the_end: bool = False) -> None:
        """Let steps go, one by one, until only idle ones wait; `to_the_end`: until none waits."""
        while True:
            await self._quiet()
            able = [step for step in self._waiting if not self._is_parked(step)]
            if not able or (not to_the_end and all(step.idle for step in able)):
                if not self._flying:
                    return
                raise Stuck(f"wait for ever: {[(s.process, s.label) for s in self._flying]}")
            self._let_go(sorted(able, key=attrgetter("order")))

    def _is_parked(self, step: Step) -> bool:
        """True for the pause of a process that PostgreSQL is away for: it would find it away again and again."""
        return step.process in self._cut_off and step.label == "pause"

    def _let_go(self, able: Sequence[Step]) -> None:
        step = able[self._choice.next([(s.process, s.label) for s in able])]
        self._waiting.remove(step)
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Stuck(f"more than {MAX_STEPS} steps")
        step.number = self.steps
        step.fault = Fault.NONE if step.idle else self._choice.fault(step.process, step.label)
        if step.pid and step.process in self._cut_off:
            step.fault = Fault.CUT_BEFORE
        self._note(step)
        if step.fault is Fault.CRASH_BEFORE:
            self.kill(step.process)
            step.leave()
            step.permit.set_exception(Crash(step.process))
            return
        self._halted.halt(self._flying, self._behind)
        self._flying.append(step)
        step.permit.set_result(None)

    def _note(self, step: Step) -> None:
        """Keep the step in the trace, and the meeting of it with the one before, if that was another process's."""
        fault = "" if step.fault is Fault.NONE else f" ({step.fault.value})"
        self.trace.append(f"{step.process}:{step.label}{fault}")
        kind = _NUMBER.sub("", step.process), step.label if step.pid else _NUMBER.sub("", step.label)
        if self._before[0] != step.process:
            self.pairs.add((self._before[1], ":".join(kind) + fault))
        self._before = (step.process, ":".join(kind))

    async def _quiet(self) -> None:
        """Until everything has come to the gate, is over, or stands behind a lock."""
        try:
            await self._moved()
            while self._halted.let_one_go():
                await self._moved()
        finally:
            self._halted.let_all_go()

    async def _moved(self) -> None:
        """The same of everything that is not halted."""
        while moving := await self._moving():
            await asyncio.wait([step.done for step in moving], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            moving = await self._moving()
            if moving and await self._all_locked(moving):
                return

    async def _moving(self) -> list[Step]:
        await self._settle()
        self._flying = [step for step in self._flying if not step.done.done()]
        return [step for step in self._flying if step not in self._halted]

    async def _settle(self) -> None:
        """Until no code can go on by itself: the loop has no callback but ours, twice."""
        still = 0
        while still < 2:
            await asyncio.sleep(0)
            still = 0 if self._loop._ready else still + 1

    async def _all_locked(self, moving: Sequence[Step]) -> bool:
        """True if each of these statements waits for a lock. A circle of waits is broken here, by the seed, and not by
        PostgreSQL, which chooses by time."""
        by_pid = {step.pid: step for step in moving if step.pid is not None}
        if len(by_pid) < len(moving):
            return False
        self._behind = behind = await self._waits.behind(list(by_pid))
        if any(not behind.get(pid) for pid in by_pid):
            return False
        circle = self._waits.circle(behind)
        if circle:
            steps = sorted((by_pid[pid] for pid in circle), key=attrgetter("order"))
            self.deadlocks["  with  ".join(f"{step.process}:{step.label}" for step in steps)] += 1
            victim = steps[self._choice.victim(len(steps))]
            self.trace.append(f"deadlock: {victim.process}:{victim.label} ends")
            assert victim.pid is not None
            await self._waits.end(victim.pid)
            return False
        return True

    @property
    def hash(self) -> str:
        """The order of all steps, as a number to compare."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]
