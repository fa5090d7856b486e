"""Suites: cells that are measured together, in turn on the same servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from benchmarks.alone import Limit
from benchmarks.bulk import Apply, Create, CreateAlone
from benchmarks.flat import SIZES, Stored
from benchmarks.floors import HttpRequests, Scripts, SqlQueries
from benchmarks.memory import Memory
from benchmarks.observed import OBSERVED, UNOBSERVED
from benchmarks.post import Ceiling, Post
from benchmarks.punctuality import BURSTS, RATES, Punctuality
from benchmarks.results import Figures, Results
from benchmarks.rig import Rig
from benchmarks.side_by_side import PEERS
from benchmarks.throughput import Drain, Soak


class Cell(Protocol):
    @property
    def name(self) -> str: ...

    async def measure(self, rig: Rig, results: Results, round_: int) -> Figures: ...


class Suite(msgspec.Struct, frozen=True):
    """Cells in the order of a round, and the figures that the table shows as (name, title)."""

    cells: Sequence[Cell]
    columns: Sequence[tuple[str, str]]
    part_of_all: bool = True
    rounds: int = 5


TOTAL, POSTGRES, RABBITMQ = ("cpu_us", "CPU us/job"), ("cpu_us.postgres", "postgres"), ("cpu_us.rabbitmq", "rabbitmq")
SERVICES = [
    ("cpu_us.zookeeper", "zookeeper"),
    ("cpu_us.api-1", "api"),
    ("cpu_us.scheduler-1", "scheduler"),
    ("cpu_us.worker-1", "worker 1"),
    ("cpu_us.worker-2", "worker 2"),
]
OTHERS = ("others_percent", "others %")
LOADS = [f"{rate:,}/s" for rate in RATES] + [f"{burst:,} at once" for burst in BURSTS] + ["create", "edit"]

SUITES = {
    "throughput": Suite(
        [Drain(), Soak()], [("per_second", "jobs/s"), TOTAL, POSTGRES, RABBITMQ, *SERVICES, OTHERS], part_of_all=False
    ),
    "peers": Suite(
        [Drain(), Soak(), Limit(), *PEERS],
        [("per_second", "jobs/s"), ("enqueued_per_second", "enqueued/s"), TOTAL, POSTGRES, RABBITMQ, OTHERS],
    ),
    "punctuality": Suite(
        [Punctuality(1_000), Punctuality(1_000_000)], [(f"{load} p99_ms", f"{load} p99 ms") for load in LOADS]
    ),
    "post": Suite(
        [Post(64), Post(128), Ceiling(64), Ceiling(128)],
        [("per_second", "requests/s"), ("p50_ms", "p50 ms"), ("p99_ms", "p99 ms"), TOTAL, POSTGRES, SERVICES[1], OTHERS],
    ),
    "bulk": Suite(
        [Create(), CreateAlone(), Apply()], [("per_second", "jobs/s"), ("apply_s", "apply, s"), TOTAL, POSTGRES, OTHERS],
        part_of_all=False,
    ),
    "history": Suite(
        [Stored(rows) for rows in SIZES],
        [("lifecycle_us", "us/lifecycle"), ("times_the_first", "of the first"), ("due p50_ms", "every due job, ms"),
         ("planner p50_ms", "planner's"), ("last short p50_ms", "last 10, ms"), ("last long p50_ms", "of a long history"),
         ("sorted short p50_ms", "last 10 by start_time, ms"), ("sorted long p50_ms", "of a long history"),
         ("create p99_ms", "create p99 ms"), ("edit p99_ms", "edit p99 ms")],
        rounds=1,
    ),
    "floors": Suite([HttpRequests(), Scripts(), SqlQueries()], [("per_second", "jobs/s"), TOTAL, POSTGRES, OTHERS]),
    "observability": Suite(
        [OBSERVED, UNOBSERVED],
        [("cpu_us", "CPU us/job"), ("services_us", "services' us/job"), ("per_second", "jobs/s"), POSTGRES, *SERVICES[2:],
         OTHERS],
        part_of_all=False, rounds=3,
    ),
    "memory": Suite(
        [Memory()],
        [(f"{name} {unit}", f"{name} {title}") for name in ("scheduler", "worker", "api")
         for unit, title in (("mb", "MB"), ("mb_per_min", "MB/min"))],
        rounds=1,
    ),
}  # fmt: skip
