"""Shrinking: the smallest part of a story that still breaks the same promise."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from simulate.statements.story import Cut, Told, tell
from simulate.statements.world import World

TRIES = 150
"""Stories that a shrinking tells at most."""


async def shrink(world: World, told: Told) -> tuple[Cut, Told]:
    """Leave out faults, rounds and acts, then force steps into order, as long as the violation stays the same."""
    assert told.violation is not None
    wanted, cut, best, tries = told.violation.invariant, Cut(), told, 0
    again = True
    while again:
        again = False
        async for smaller in _smaller(cut, best):
            tries += 1
            if tries > TRIES:
                return cut, best
            found = await tell(world, told.seed, smaller)
            if found.violation is not None and found.violation.invariant == wanted:
                cut, best, again = smaller, found, True
                break
    return cut, best


async def _smaller(cut: Cut, told: Told) -> AsyncIterator[Cut]:
    """Cuts that leave out a little more, the biggest steps first."""
    replace = msgspec.structs.replace
    if cut.faults:
        yield replace(cut, faults=False)
    if cut.rounds > len(told.acts) - 1:
        yield replace(cut, rounds=len(told.acts) - 1)
    acts = [(number, place) for number, count in enumerate(told.acts) for place in range(count)]
    left = [act for act in acts if act not in cut.left_out]
    for size in (8, 4, 2, 1):
        for begin in range(0, len(left), size):
            yield replace(cut, left_out=cut.left_out | set(left[begin : begin + size]))
    draws = [draw for draw in range(1, told.draws + 1) if draw not in cut.calm]
    for size in (64, 16, 4, 1):
        for begin in range(0, len(draws), size):
            yield replace(cut, calm=cut.calm | set(draws[begin : begin + size]))
