"""The attempts of this process: claimed, and not recorded yet."""

from __future__ import annotations

import asyncio
from typing import Final

from foliot.common.clock import Clock
from foliot.worker.claimed import Claimed

SECOND_CANCEL = 0.05
"""Seconds from the first cancel of a kill to the second: by then the executor is answering the first."""
UNRECORDED = 1_000
"""Maximum of finished but unrecorded attempts, beyond the slots. Above it the worker stops claiming, because each such
attempt still needs its lease renewed, and a record is cheap only while the pages of its claim are in memory."""

CANCELLED: Final = "cancelled"
TIMED_OUT: Final = "timed out"
LEASE: Final = "lease"
STOPPING: Final = "stopping"
"""The reasons for which an attempt is asked to stop; the first one counts, but LEASE replaces any other."""


class RunningEntry:
    """A claimed attempt and the task that runs it.

    `deadline`: the end of its timeout, by the clock's elapsed(). `stopped_for`: the reason of the first stop, None
    while there was none. `begun`: the task has taken its first step. One that is cancelled before never runs a line, so
    it would never free its slot; it finds `stopped_for` at that step instead.
    """

    __slots__ = ("begun", "claimed", "deadline", "stopped_for", "task")

    def __init__(self, claimed: Claimed, deadline: float) -> None:
        self.claimed = claimed
        self.deadline = deadline
        self.task: asyncio.Task[None] | None = None
        self.stopped_for: str | None = None
        self.begun = False

    def stop(self, reason: str) -> None:
        """Ask the attempt to end; a second call ends it at once."""
        self.stopped_for = self.stopped_for or reason
        self._cancel()

    def kill(self, reason: str, clock: Clock) -> None:
        """End the attempt at once: a second cancel while the first is being answered leaves no grace."""
        self.stopped_for = reason
        self._cancel()
        clock.call_at(clock.elapsed() + SECOND_CANCEL, self._cancel)

    def _cancel(self) -> None:
        if self.task is not None and self.begun:
            self.task.cancel()


class Running:
    """The attempts whose leases the heartbeat renews, by execution_id, and the free slots.

    `claimable` is set when a slot becomes free while there was none.
    """

    def __init__(self, slots: int, claimable: asyncio.Event) -> None:
        self._entries: dict[int, RunningEntry] = {}
        self._slots = slots
        self._busy = 0
        self._claimable = claimable

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def busy(self) -> int:
        """Slots in use: attempts whose work is not over."""
        return self._busy

    @property
    def free(self) -> int:
        """Attempts that may be claimed now; zero or less: none."""
        return min(self._slots - self._busy, self._slots + UNRECORDED - len(self._entries))

    def add(self, claimed: Claimed, deadline: float) -> RunningEntry:
        """Take a slot for an attempt. `deadline`: of its timeout, by the clock's elapsed()."""
        entry = self._entries[claimed.execution_id] = RunningEntry(claimed, deadline)
        self._busy += 1
        return entry

    def free_slot(self) -> None:
        """Free the slot of an attempt whose work is over; its result may still have to be recorded."""
        was_free = self.free
        self._busy -= 1
        self._call_if_freed(was_free)

    def remove(self, execution_id: int) -> None:
        """The attempt is recorded, or not this worker's any more: its lease is not renewed again."""
        was_free = self.free
        self._entries.pop(execution_id, None)
        self._call_if_freed(was_free)

    def _call_if_freed(self, was_free: int) -> None:
        """Wake the claimer only if it found no slot: to wake it for each attempt that ends would cost more than the
        attempt."""
        if was_free <= 0:
            self._claimable.set()

    def entries(self) -> list[RunningEntry]:
        return list(self._entries.values())

    def get(self, execution_id: int) -> RunningEntry | None:
        return self._entries.get(execution_id)
