"""Windows: limits on the executions that are dispatched and not claimed yet, one limit for each queue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from foliot.common.broker.topology import PriorityClass, class_of

SMALLEST_WINDOW = 100
"""Executions that each queue may hold however few slots its pool has: a new worker finds work at once."""
WINDOW_PER_SLOT = 2
"""Executions that a queue may hold for each slot of its pool. With two, the recount at half a window comes before the
workers run out of work."""
QueueKey = tuple[str, PriorityClass]
"""Names one queue of the broker: its pool and its priority class."""


class Windows:
    """The windows of all queues. The window of each is max(SMALLEST_WINDOW, WINDOW_PER_SLOT x the pool's slots).

    The rest of a backlog waits in PostgreSQL, so that priority is nearly exact, a purge costs little, and the broker's
    memory is never the limit. Claims made since the last count are unknown here; `on_half` requests a recount once half
    of a window is taken.
    """

    def __init__(self, on_half: Callable[[], None] = lambda: None) -> None:
        self._on_half = on_half
        self._slots: dict[str, int] = {}
        self._workers: dict[str, int] = {}
        self._dispatched: defaultdict[QueueKey, int] = defaultdict(int)

    def set_workers(self, slots: dict[str, int], workers: dict[str, int]) -> None:
        """Replace what is known of the living workers: their slots and their number, by pool."""
        self._slots = slots
        self._workers = workers

    def spread(self, pool: str) -> int:
        """Messages over which executions that are due at once are spread: one for each worker of the pool."""
        return max(1, self._workers.get(pool, 0))

    def set_dispatched(self, counts: dict[QueueKey, int]) -> None:
        """Set what PostgreSQL counts as dispatched and unclaimed, in place of the reservations since the last count."""
        self._dispatched = defaultdict(int, counts)

    def limit(self, pool: str) -> int:
        """The size of the window of each queue of the pool, in executions."""
        return max(SMALLEST_WINDOW, WINDOW_PER_SLOT * self._slots.get(pool, 0))

    def room(self, pool: str, cls: PriorityClass) -> int:
        """The executions that the window still takes."""
        return max(0, self.limit(pool) - self._dispatched[pool, cls])

    def take(self, pool: str, priority: int, wanted: int) -> int:
        """Reserve places for up to `wanted` executions. Gives how many there was room for."""
        cls = class_of(priority)
        before, half = self.room(pool, cls), self.limit(pool) // 2
        taken = min(wanted, before)
        self._dispatched[pool, cls] += taken
        if before >= half > before - taken:
            self._on_half()
        return taken

    def give_back(self, pool: str, priority: int, places: int) -> None:
        """Free reserved places: their executions were not committed. A recount since then knows nothing of them."""
        key = pool, class_of(priority)
        self._dispatched[key] = max(0, self._dispatched[key] - places)

    def depth(self) -> int:
        """Open executions of one pool and priority that a survey looks at: room enough for those that run, which are
        older, and those that are handed out."""
        return 2 * (SMALLEST_WINDOW + WINDOW_PER_SLOT * max(self._slots.values(), default=0))
