"""Campaigns: many seeds with progress, and the search for the seed that kills each mutant."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from shards import Shard
from simulate.virtual import telling
from simulate.virtual.machines import MACHINES, story_of
from simulate.virtual.mutants import Mutant, planted
from simulate.virtual.progress import Progress, load, save
from simulate.virtual.shrink import shrink
from simulate.virtual.story import play

SAVED_EACH = 5.0
TWICE_EACH = 100
"""One story of so many is played twice: the same seed must take the same steps."""
MOST_SEEDS = 1_000
"""Seeds within which a mutant must be killed."""


def run(first: int, seeds: int, shard: Shard, state: Path) -> bool:
    """Play the seeds of a shard that are not played yet. True if no invariant broke."""
    part: slice = shard.part
    numbers = range(first, first + seeds)[part]
    path = state / f"virtual-{shard.number}-of-{shard.of}.json"
    progress = load(path, f"seeds {first} to {first + seeds - 1}, shard {shard}")
    saved = time.monotonic()
    for seed in numbers[progress.done :]:
        _play(seed, progress)
        progress.done += 1
        if time.monotonic() - saved > SAVED_EACH or progress.done == len(numbers):
            saved = time.monotonic()
            save(path, progress)
            print(f"{progress.done} of {len(numbers)} stories, {len(progress.broken)} broken", flush=True)
    print(telling.table(progress))
    for line in progress.broken:
        print(f"BROKEN {line}")
    return not progress.broken


def _play(seed: int, progress: Progress) -> None:
    machine = story_of(seed).machine
    before = time.process_time()
    outcome = play(machine, seed)
    progress.of(machine.name).add(outcome, time.process_time() - before)
    if seed // 10 % TWICE_EACH == 0 and play(machine, seed).digest != outcome.digest:
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
