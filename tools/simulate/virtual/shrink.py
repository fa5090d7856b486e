"""Shrinking: the smallest plan under which a story still breaks the same invariant."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from simulate.virtual.story import Machine, Outcome, Plan, play


def shrink(machine: Machine, outcome: Outcome) -> Outcome:
    """The outcome of the smallest plan that was found, told. First the shortest prefix of the faults, then without
    single faults, then with fewer actors; again from the start after each success."""
    assert outcome.violation is not None
    invariant, plan = outcome.violation[0], outcome.plan
    while (smaller := _first_that_breaks(machine, outcome.seed, plan, invariant)) is not None:
        plan = smaller
    return play(machine, outcome.seed, plan, told=True)


def _first_that_breaks(machine: Machine, seed: int, plan: Plan, invariant: str) -> Plan | None:
    for candidate in _smaller(plan):
        found = play(machine, seed, candidate).violation
        if found is not None and found[0] == invariant:
            return candidate
    return None


def _smaller(plan: Plan) -> Iterator[Plan]:
    faults = plan.faults
    for length in range(len(faults)):
        yield msgspec.structs.replace(plan, faults=faults[:length])
    for number in range(len(faults)):
        yield msgspec.structs.replace(plan, faults=faults[:number] + faults[number + 1 :])
    for size in range(1, plan.size):
        yield msgspec.structs.replace(plan, size=size)
