"""Slots and the bound of unrecorded attempts; a kill that leaves no grace."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from foliot.worker import running as running_module
from foliot.worker.running import CANCELLED, LEASE, SECOND_CANCEL, STOPPING, Running, RunningEntry
from support.clocks import ManualClock
from unit.worker.making import make_claimed


def make_running(slots: int, attempts: int) -> tuple[Running, asyncio.Event]:
    claimable = asyncio.Event()
    running = Running(slots, claimable)
    for execution_id in range(attempts):
        running.add(make_claimed(execution_id), 0.0)
    return running, claimable


def test_a_slot_is_free_when_the_work_is_over_not_when_it_is_recorded() -> None:
    running, _ = make_running(slots=3, attempts=2)
    assert (running.busy, running.free, len(running)) == (2, 1, 2)
    running.free_slot()
    assert (running.busy, running.free, len(running)) == (1, 2, 2)
    running.remove(0)
    assert (running.busy, running.free, len(running)) == (1, 2, 1)


def test_unrecorded_attempts_beyond_their_bound_leave_no_slot_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_module, "UNRECORDED", 2)
    running, claimable = make_running(slots=3, attempts=5)
    for _ in range(5):
        running.free_slot()
    assert (running.busy, running.free) == (0, 0)
    claimable.clear()
    running.remove(0)
    assert running.free == 1
    assert claimable.is_set()


def test_the_claimer_is_called_only_if_there_was_no_slot() -> None:
    running, claimable = make_running(slots=2, attempts=2)
    running.free_slot()
    assert claimable.is_set()
    claimable.clear()
    running.free_slot()
    running.remove(0)
    assert not claimable.is_set()


def test_an_attempt_that_is_unknown_is_removed_without_effect() -> None:
    running, _ = make_running(slots=2, attempts=1)
    running.remove(99)
    assert [entry.claimed.execution_id for entry in running.entries()] == [0]
    assert running.get(99) is None


class Stubborn:
    """A task that answers its first cancel with a wait."""

    def __init__(self) -> None:
        self.cancels = 0
        self.entry = RunningEntry(make_claimed(), 0.0)
        self.entry.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        self.entry.begun = True
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancels += 1
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            self.cancels += 1

    async def turn(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)


async def test_a_stop_cancels_once_and_the_first_reason_counts() -> None:
    stubborn = Stubborn()
    await stubborn.turn()
    stubborn.entry.stop(CANCELLED)
    await stubborn.turn()
    assert stubborn.cancels == 1
    stubborn.entry.stop(STOPPING)
    await stubborn.turn()
    assert (stubborn.cancels, stubborn.entry.stopped_for) == (2, CANCELLED)


async def test_a_kill_cancels_a_second_time_and_its_reason_replaces_any_other() -> None:
    clock, stubborn = ManualClock(), Stubborn()
    await stubborn.turn()
    stubborn.entry.stopped_for = CANCELLED
    stubborn.entry.kill(LEASE, clock)
    await stubborn.turn()
    assert (stubborn.cancels, stubborn.entry.stopped_for) == (1, LEASE)
    clock.advance(SECOND_CANCEL)
    await stubborn.turn()
    assert stubborn.cancels == 2
    assert stubborn.entry.task is not None
    assert stubborn.entry.task.done()


def test_an_attempt_without_a_task_only_notes_the_reason() -> None:
    entry = RunningEntry(make_claimed(), 0.0)
    entry.stop(STOPPING)
    entry.kill(LEASE, ManualClock())
    assert entry.stopped_for == LEASE
