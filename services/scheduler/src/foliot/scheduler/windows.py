"""How many executions of each pool and class may be dispatched and unclaimed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from foliot.common.broker.topology import PriorityClass, class_of

LEAST = 100
Key = tuple[str, PriorityClass]


class Windows:
    """At most max(100, 2 x the pool's slots) of each queue are handed out; the rest of a backlog waits in PostgreSQL,
    so that priority is nearly exact, a purge costs little, and the broker's memory is never the limit.

    What was claimed meanwhile is only known from the next count; `on_half` asks for it when half of a window is taken.
    """

    def __init__(self, on_half: Callable[[], None] = lambda: None) -> None:
        self._on_half = on_half
        self._slots: dict[str, int] = {}
        self._workers: dict[str, int] = {}
        self._dispatched: defaultdict[Key, int] = defaultdict(int)

    def set_workers(self, slots: dict[str, int], workers: dict[str, int]) -> None:
        """Slots of the living workers and their number, by pool."""
        self._slots = slots
        self._workers = workers

    def spread(self, pool: str) -> int:
        """Messages that what is due at once is spread over: one for each worker."""
        return max(1, self._workers.get(pool, 0))

    def set_dispatched(self, counts: dict[Key, int]) -> None:
        """What PostgreSQL counted; replaces what was reserved since the last count."""
        self._dispatched = defaultdict(int, counts)

    def limit(self, pool: str) -> int:
        return max(LEAST, 2 * self._slots.get(pool, 0))

    def room(self, pool: str, cls: PriorityClass) -> int:
        return max(0, self.limit(pool) - self._dispatched[pool, cls])

    def take(self, pool: str, priority: int, wanted: int) -> int:
        """Reserve places for `wanted` executions; gives how many there were room for."""
        cls = class_of(priority)
        before, half = self.room(pool, cls), self.limit(pool) // 2
        taken = min(wanted, before)
        self._dispatched[pool, cls] += taken
        if before >= half > before - taken:
            self._on_half()
        return taken

    def depth(self) -> int:
        """Rows of one pool and priority worth looking at to count its window: what runs and what is handed out."""
        return 2 * LEAST + 4 * max(self._slots.values(), default=0)
