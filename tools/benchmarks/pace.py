"""Evenness of the CPUs while nothing runs on them: time that a host takes away makes everything on them late."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from statistics import median

SECONDS = 6.0
SLICE = 0.01


def pace() -> str:
    """Of the slices of the worst CPU those in which it did less than half of what it does in most, and the longest row
    of them."""
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        share, longest = max(map(slow, pool.map(_turns_of, sorted(os.sched_getaffinity(0)))))
    return f"{share:.1%} of 10 ms at less than half the usual pace, up to {longest * SLICE * 1000:.0f} ms in a row"


def slow(turns: Sequence[int]) -> tuple[float, int]:
    """Share of slow slices, and the longest row of them. `turns` of each slice."""
    half = median(turns) / 2
    flags = [done < half for done in turns]
    rows = [len(list(row)) for is_slow, row in itertools.groupby(flags) if is_slow]
    return sum(flags) / len(flags), max(rows, default=0)


def _turns_of(cpu: int) -> list[int]:
    os.sched_setaffinity(0, {cpu})
    until = time.perf_counter() + SECONDS
    done = []
    while time.perf_counter() < until:
        done.append(_turns(time.perf_counter() + SLICE))
    return done


def _turns(until: float) -> int:
    turns = 0
    while time.perf_counter() < until:
        for _ in range(100):
            pass
        turns += 1
    return turns
