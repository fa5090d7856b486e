"""Campaigns: many seeds with progress, and the search for the seed that kills each mutant."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from shards import Shard
from simulate.virtual import telling
from simulate.virtual.machines import MACHINES, Numbered, story_of
from simulate.virtual.mutants import Mutant, planted
from simulate.virtual.past import PAST
from simulate.virtual.progress import Progress, load, save
from simulate.virtual.shrink import shrink
from simulate.virtual.story import play

SAVED_EACH = 5.0
TWICE_EACH = 100
"""One story of so many is played twice: the same seed must take the same steps."""
MOST_SEEDS = 2_000
"""Seeds within which a mutant must be killed."""


class Part(msgspec.Struct, frozen=True):
    """The stories of one shard. Those that failed once come first, before seed 0."""

    first: int
    seeds: int
    shard: Shard

    def __str__(self) -> str:
        return f"{self.first}-{self.seeds}-{self.shard.number}-of-{self.shard.of}"

    @property
    def _past(self) -> list[tuple[str, int]]:
        return PAST if self.first == 0 else []

    @property
    def numbers(self) -> range:
        part: slice = self.shard.part
        return range(len(self._past) + self.seeds)[part]

    def story(self, number: int) -> Numbered:
        """Made when its turn comes: a list of a million would be looked through after each story, for garbage."""
        beyond = number - len(self._past)
        if beyond >= 0:
            return story_of(self.first + beyond)
        name, seed = self._past[number]
        return Numbered(MACHINES[name], seed)


def run(part: Part, folder: Path | None) -> bool:
    """Play the stories of a part that are not played yet. True if no invariant broke."""
    path = None if folder is None else folder / f"virtual-{part}.json"
    progress = Progress() if path is None else load(path)
    of, saved = len(part.numbers), time.monotonic()
    for number in part.numbers[progress.done :]:
        _play(part.story(number), progress)
        progress.done += 1
        if time.monotonic() - saved > SAVED_EACH or progress.done == of:
            saved = time.monotonic()
            if path is not None:
                save(path, progress)
            print(f"{progress.done} of {of} stories, {len(progress.broken)} broken", flush=True)
    print(telling.table(progress))
    for line in progress.broken:
        print(f"BROKEN {line}")
    return not progress.broken


def _play(story: Numbered, progress: Progress) -> None:
    machine, seed = story
    before = time.process_time()
    outcome = play(machine, seed)
    progress.order = hash((progress.order, outcome.digest)) & 2**63 - 1
    progress.of(machine.name).add(outcome, time.process_time() - before)
    if progress.done % TWICE_EACH == 0:
        progress.twice += 1
        if play(machine, seed).digest != outcome.digest:
            progress.broken.append(f"{machine.name} {seed}: the same seed took other steps")
    if outcome.violation is not None:
        progress.broken.append(f"{machine.name} {seed}: {': '.join(outcome.violation)}")
        print(telling.story(machine, shrink(machine, outcome)), flush=True)


def kill(mutants: Sequence[Mutant]) -> bool:
    """Look for the first seed that kills each mutant. True if all are killed."""
    lines = []
    for mutant in mutants:
        lines.append(line := first_kill(mutant))
        print(telling.killed([line]), flush=True)
    green = sum(seed is None for _, seed, _ in lines)
    print(f"{len(lines) - green} of {len(lines)} mutants are killed within {MOST_SEEDS} seeds")
    return not green


def first_kill(mutant: Mutant) -> tuple[str, int | None, str]:
    machine = MACHINES[mutant.machine]
    with planted(mutant):
        for seed in range(MOST_SEEDS):
            violation = play(machine, seed).violation
            if violation is not None:
                return f"{mutant.machine}: {mutant.name}", seed, violation[0]
    return f"{mutant.machine}: {mutant.name}", None, ""
