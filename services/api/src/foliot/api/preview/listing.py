"""Lists in words, which both halves of a description use: `9, 10, and 12 through 15`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

SHORTEST_RANGE = 3
"""Values in a row that become `a through c`; fewer are named one by one."""


def joined(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b, and c`."""
    if len(names) < 3:
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"


def runs(values: Sequence[int]) -> list[tuple[int, int]]:
    """The first and last of each stretch of values without a hole. `values` is sorted."""
    found: list[tuple[int, int]] = []
    for value in values:
        if found and value == found[-1][1] + 1:
            found[-1] = (found[-1][0], value)
        else:
            found.append((value, value))
    return found


def with_ranges(values: Sequence[int], name: Callable[[int], str] = str) -> list[str]:
    """The names of sorted values, where three or more in a row are a range."""
    named: list[str] = []
    for first, last in runs(values):
        if last - first + 1 < SHORTEST_RANGE:
            named += [name(value) for value in range(first, last + 1)]
        else:
            named.append(f"{name(first)} through {name(last)}")
    return named


def step_of(values: Sequence[int]) -> int | None:
    """The distance between sorted values if it is the same everywhere; None if there are fewer than three."""
    steps = {after - before for before, after in pairwise(values)}
    return steps.pop() if len(values) >= SHORTEST_RANGE and len(steps) == 1 else None
