"""Telling: a story as a person reads it, and the tables of a campaign."""

from __future__ import annotations

from collections.abc import Iterable

from simulate.virtual.machines import TURN
from simulate.virtual.progress import Progress
from simulate.virtual.story import Machine, Outcome


def story(machine: Machine, outcome: Outcome) -> str:
    """The plan, what happened, and the invariant that broke."""
    found = "no invariant is broken" if outcome.violation is None else ": ".join(outcome.violation)
    return "\n".join(
        [
            f"{machine.name} {outcome.seed}: {found}",
            f"  size {outcome.plan.size}, {len(outcome.plan.faults)} faults, {outcome.steps} steps, "
            f"{outcome.seconds:.3f} s, order {outcome.digest & 2**64 - 1:016x}",
            *(f"  fault {fault}" for fault in outcome.plan.faults),
            *(f"  {note}" for note in outcome.notes),
        ]
    )


def table(progress: Progress) -> str:
    """One line for each machine."""
    head = f"{'machine':<10} {'stories':>9} {'steps':>12} {'simulated':>12} {'CPU':>9} {'stories/s':>10} {'pairs seen':>12} {'broken':>7}"
    lines = [head]
    for name in dict.fromkeys(TURN):
        one = progress.of(name)
        rate = one.stories / one.cpu if one.cpu else 0.0
        broken = sum(line.startswith(f"{name} ") for line in progress.broken)
        lines.append(
            f"{name:<10} {one.stories:>9} {one.steps:>12} {one.seconds / 3600:>10.1f} h {one.cpu:>7.0f} s {rate:>10.0f} "
            f"{len(one.pairs):>12} {broken:>7}"
        )
    lines.append(f"order {progress.order:016x}; {progress.twice} of them were played twice and compared")
    return "\n".join(lines)


def killed(lines: Iterable[tuple[str, int | None, str]]) -> str:
    """One line for each mutant: its name, the seed that killed it, the invariant."""
    return "\n".join(
        f"{name:<52} {'GREEN' if seed is None else seed:>6}  {invariant}" for name, seed, invariant in lines
    )
