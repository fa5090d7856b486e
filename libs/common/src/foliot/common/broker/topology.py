"""The exchange, queues and bindings, as data. Each open of a link declares them; their arguments never change,
because RabbitMQ refuses to redeclare a queue with others."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

EXCHANGE = "foliot"
DEAD_LETTER_QUEUE = "dead_letter_queue"
PENDING_JOBS = "pending_jobs"
DEFAULT_POOL = "default"


class PriorityClass(StrEnum):
    """A class of priorities. Each pool has one queue per class, and workers take them in exact order."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"


PRIORITIES: dict[PriorityClass, tuple[int, ...]] = {
    PriorityClass.URGENT: (5, 6, 7, 8, 9),
    PriorityClass.HIGH: (1, 2, 3, 4),
    PriorityClass.NORMAL: (0,),
}
POOL_PATTERN = rf"(?!(?:{'|'.join(PriorityClass)})\Z)[a-z0-9][a-z0-9_-]{{0,63}}"
POOL_FORM = "1 to 64 of a-z, 0-9, _ and -, and is not high, urgent or normal"
"""The form of a pool's name, as a regular expression and in words. The name of a class is no name of a pool: the two
would share a queue."""
CLASS_OF = {priority: cls for cls, priorities in PRIORITIES.items() for priority in priorities}


class Queue(msgspec.Struct, frozen=True):
    """A durable quorum queue, bound to the exchange by its own name."""

    name: str


def class_of(priority: int) -> PriorityClass:
    return CLASS_OF[min(9, max(0, priority))]


def queue_name(pool: str, cls: PriorityClass) -> str:
    """`pending_jobs`, `pending_jobs.high`, `pending_jobs.<pool>`, `pending_jobs.<pool>.urgent`, ..."""
    parts = [PENDING_JOBS]
    if pool != DEFAULT_POOL:
        parts.append(pool)
    if cls is not PriorityClass.NORMAL:
        parts.append(cls.value)
    return ".".join(parts)


def pool_queues(pool: str) -> list[Queue]:
    """The queues of one pool, most urgent first."""
    return [Queue(queue_name(pool, cls)) for cls in PRIORITIES]


def topology(pools: Iterable[str]) -> list[Queue]:
    """All queues that a process needs to serve `pools`."""
    return [Queue(DEAD_LETTER_QUEUE), *(queue for pool in sorted(set(pools)) for queue in pool_queues(pool))]
