"""The attempts of this process: claimed, and not recorded yet."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import msgspec

from foliot.common.clock import Clock
from foliot.common.model.execution import Handle
from foliot.common.model.retry import RetryPolicy
from foliot.common.model.states import Trigger


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """One execution with the definition as it stood when it was claimed."""

    execution_id: int
    job_id: int
    user_id: int
    team_id: int | None
    scheduled_time: datetime
    attempt_number: int
    trigger: Trigger
    job_type: str
    payload: Any
    retry_policy: RetryPolicy
    timeout_seconds: float
    lateness: float
    """Seconds from scheduled_time to start_time."""
    begins_in: float = 0.0
    """Seconds from the claim to start_time, if that lay ahead of it."""
    request_id: str | None
    traceparent: str
    claim: int
    settles: bool = True
    """Whether the end of this run may be the end of its job, or release a run that waits for it."""

    @property
    def handle(self) -> Handle:
        return Handle(self.execution_id, self.scheduled_time)


class Entry:
    """A claimed attempt and the task that runs it; `stopped_for` says why it was told to stop. `deadline`: of its
    timeout, by the clock's elapsed()."""

    __slots__ = ("claimed", "deadline", "stopped_for", "task")

    def __init__(self, claimed: Claimed, deadline: float) -> None:
        self.claimed = claimed
        self.deadline = deadline
        self.task: asyncio.Task[None] | None = None
        self.stopped_for: str | None = None

    def stop(self, reason: str) -> None:
        """Ask the attempt to end; a second call ends it at once."""
        self.stopped_for = self.stopped_for or reason
        if self.task is not None:
            self.task.cancel()

    def kill(self, reason: str, clock: Clock) -> None:
        """End the attempt at once: a second cancel while the first is being answered leaves no grace."""
        self.stopped_for = reason
        if self.task is not None:
            self.task.cancel()
            clock.call_at(clock.elapsed() + SECOND_CANCEL, self._cancel)

    def _cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()


SECOND_CANCEL = 0.05
"""Seconds from the first cancel of a kill to the second: by then the executor is answering the first."""
UNRECORDED = 1_000
"""Maximum of finished but unrecorded attempts, beyond the slots. Above it the worker stops claiming, because each such
attempt still needs its lease renewed, and a record is cheap only while the pages of its claim are in memory."""
CANCELLED = "cancelled"
TIMED_OUT = "timed out"
LEASE = "lease"
STOPPING = "stopping"


class Running:
    """What the heartbeat keeps alive, by execution_id; and the free slots."""

    def __init__(self, slots: int, claimable: asyncio.Event) -> None:
        self._entries: dict[int, Entry] = {}
        self._slots = slots
        self._busy = 0
        self._claimable = claimable

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def busy(self) -> int:
        return self._busy

    @property
    def free(self) -> int:
        """How many attempts may be claimed."""
        return min(self._slots - self._busy, self._slots + UNRECORDED - len(self._entries))

    def add(self, claimed: Claimed, deadline: float) -> Entry:
        entry = self._entries[claimed.execution_id] = Entry(claimed, deadline)
        self._busy += 1
        return entry

    def free_slot(self) -> None:
        """The attempt's work is over; its result may still have to be recorded."""
        was_free = self.free
        self._busy -= 1
        self._call_if_freed(was_free)

    def remove(self, execution_id: int) -> None:
        was_free = self.free
        self._entries.pop(execution_id, None)
        self._call_if_freed(was_free)

    def _call_if_freed(self, was_free: int) -> None:
        """Only who found no slot waits for one: a call for each attempt that ends would cost more than the attempt."""
        if was_free <= 0:
            self._claimable.set()

    def entries(self) -> list[Entry]:
        return list(self._entries.values())

    def get(self, execution_id: int) -> Entry | None:
        return self._entries.get(execution_id)
