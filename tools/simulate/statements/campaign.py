"""A campaign: the stories of many seeds, with progress, kept in a file so that it can be stopped and resumed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from simulate.statements.report import story_of
from simulate.statements.shrink import shrink
from simulate.statements.story import Told, tell
from simulate.statements.world import World

SHOW_EVERY = 10.0
"""Seconds between two lines of progress."""
TWICE_EVERY = 50
"""One seed in so many is told twice: the same seed must give the same order."""


class Progress(msgspec.Struct):
    """What a campaign has done so far. `next`: the place of the next seed."""

    next: int = 0
    steps: int = 0
    seconds: float = 0.0
    twice: int = 0
    different: list[int] = []
    violations: dict[int, str] = {}
    deadlocks: dict[str, int] = {}
    meetings: set[tuple[str, str]] = set()
    growth: list[int] = []
    """Meetings known after each tenth of the seeds."""


class Campaign:
    """`file`: where the progress is kept; None: nowhere. `whole`: violations are not shrunk."""

    def __init__(self, world: World, seeds: Sequence[int], file: Path | None = None, *, whole: bool = False) -> None:
        self._world = world
        self._seeds = seeds
        self._file = file
        self._whole = whole
        kept = file.read_bytes() if file is not None and file.exists() else b"{}"
        self.progress = msgspec.json.decode(kept, type=Progress)
        self._shown = 0.0

    async def run(self, *, stop_at_first: bool = False) -> Progress:
        """Tell the stories that are left. Each violation is shrunk and printed."""
        progress, begun = self.progress, time.monotonic() - self.progress.seconds
        while progress.next < len(self._seeds):
            seed = self._seeds[progress.next]
            told = await tell(self._world, seed)
            await self._note(told)
            progress.next += 1
            progress.seconds = time.monotonic() - begun
            if progress.next % max(1, len(self._seeds) // 10) == 0:
                progress.growth.append(len(progress.meetings))
            self._show(progress)
            if stop_at_first and progress.violations:
                break
        self._keep()
        return progress

    async def _note(self, told: Told) -> None:
        progress = self.progress
        progress.steps += told.steps
        progress.meetings |= told.pairs
        progress.deadlocks = dict(Counter(progress.deadlocks) + Counter(told.deadlocks))
        if told.violation is not None:
            progress.violations[told.seed] = told.violation.invariant
            shown = told if self._whole else (await shrink(self._world, told))[1]
            print(story_of(shown), flush=True)
        elif told.seed % TWICE_EVERY == 0:
            progress.twice += 1
            if (await tell(self._world, told.seed)).hash != told.hash:
                progress.different.append(told.seed)

    def _show(self, progress: Progress) -> None:
        if time.monotonic() - self._shown < SHOW_EVERY and progress.next < len(self._seeds):
            return
        self._shown = time.monotonic()
        self._keep()
        print(
            f"{progress.next:>8} of {len(self._seeds)} seeds  {progress.next / max(progress.seconds, 0.001):6.1f}/s  "
            f"{progress.steps / max(progress.next, 1):5.0f} steps each  {len(progress.meetings):>6} meetings  "
            f"{len(progress.violations)} violations  {sum(progress.deadlocks.values())} deadlocks  "
            f"{len(progress.different)} of {progress.twice} different when told twice",
            flush=True,
        )

    def _keep(self) -> None:
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_bytes(msgspec.json.encode(self.progress))
