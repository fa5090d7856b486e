"""What is measured together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from benchmarks.post import Ceiling, Post
from benchmarks.results import Figures, Results
from benchmarks.rig import Rig
from benchmarks.side_by_side import PEERS
from benchmarks.throughput import Drain, Soak


class Cell(Protocol):
    name: str

    async def measure(self, rig: Rig, results: Results, round_: int) -> Figures: ...


class Suite(msgspec.Struct, frozen=True):
    """Cells in the order of a round, and the figures that the table shows as (name, title)."""

    cells: Sequence[Cell]
    columns: Sequence[tuple[str, str]]
    part_of_all: bool = True


CPU = [
    ("cpu_us", "CPU us/job"),
    ("cpu_us.postgres", "postgres"),
    ("cpu_us.rabbitmq", "rabbitmq"),
    ("cpu_us.zookeeper", "zookeeper"),
    ("cpu_us.api-1", "api"),
    ("cpu_us.scheduler-1", "scheduler"),
    ("cpu_us.worker-1", "worker 1"),
    ("cpu_us.worker-2", "worker 2"),
]

OTHERS = ("others_percent", "others %")

SUITES = {
    "throughput": Suite([Drain(), Soak()], [("per_second", "jobs/s"), *CPU, OTHERS], part_of_all=False),
    "peers": Suite(
        [Drain(), Soak(), *PEERS],
        [("per_second", "jobs/s"), ("enqueued_per_second", "enqueued/s"), *CPU[:3], OTHERS],
    ),
    "post": Suite(
        [Post(), Ceiling()],
        [("per_second", "requests/s"), ("p50_ms", "p50 ms"), ("p99_ms", "p99 ms"), *CPU[:2], CPU[4], OTHERS],
    ),
}
