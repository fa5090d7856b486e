"""The recorder's batches, and its answers to errors that are no row's fault."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest

from foliot.common.errors import RolledBack, Unavailable
from foliot.common.model.states import ExecutionStatus
from foliot.worker.ended import Ended
from foliot.worker.executors.attempt import Result
from foliot.worker.lease import Lease
from foliot.worker.recorder import MAX_RECORDED, PACE, PAUSE_WHEN_AWAY, Recorder
from foliot.worker.running import Running
from support.clocks import ManualClock
from unit.worker.making import make_claimed


class Scripted(Recorder):
    """A recorder whose step raises the given errors, one a call, and then takes every batch."""

    def __init__(self, *errors: Exception) -> None:
        self.clock = ManualClock()
        running: Any = Running(1, asyncio.Event())
        super().__init__(None, running, Lease(self.clock, 30.0), self.clock, worker_id="w")  # type: ignore[arg-type]
        self.errors = list(errors)
        self.calls = 0
        self.batches: list[list[int]] = []

    async def step(self, batch: Sequence[Ended]) -> None:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        self.batches.append([ended.execution_id for ended in batch])


def end(execution_id: int, status: ExecutionStatus = ExecutionStatus.COMPLETED) -> Ended:
    return Ended.of(make_claimed(execution_id), status, Result(succeeded=True), "", 0.0)


@contextlib.asynccontextmanager
async def drained(recorder: Recorder) -> AsyncIterator[None]:
    """Run the recorder after the body, until everything is recorded."""
    yield
    task = asyncio.create_task(recorder.run())
    await recorder.drained(5)
    task.cancel()
    await asyncio.wait([task])


async def test_plain_successes_are_recorded_apart_from_the_rest() -> None:
    recorder = Scripted()
    async with drained(recorder):
        for ended in (end(1), end(2, ExecutionStatus.FAILED), end(3), end(4, ExecutionStatus.TIMEOUT)):
            recorder.put(ended)
    assert recorder.batches == [[1, 3], [2, 4]]


async def test_a_large_batch_is_cut_and_a_small_one_is_paced() -> None:
    recorder = Scripted()
    async with drained(recorder):
        for execution_id in range(2 * MAX_RECORDED + 1):
            recorder.put(end(execution_id))
    assert [len(batch) for batch in recorder.batches] == [MAX_RECORDED, MAX_RECORDED, 1]
    assert recorder.clock.elapsed() == pytest.approx(1_000.0 + PACE)  # before the small one alone


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (Unavailable("away"), PAUSE_WHEN_AWAY),
        (asyncpg.InsufficientPrivilegeError("not yours"), PAUSE_WHEN_AWAY),
        (RolledBack("a deadlock"), PAUSE_WHEN_AWAY),
    ],
)
async def test_a_batch_is_tried_until_it_is_recorded(error: Exception, pause: float) -> None:
    recorder = Scripted(error, error)
    async with drained(recorder):
        recorder.put(end(1))
    assert (recorder.calls, recorder.batches) == (3, [[1]])
    assert recorder.clock.elapsed() == pytest.approx(1_000.0 + 2 * pause)


async def test_draining_waits_no_longer_than_its_grace() -> None:
    recorder = Scripted()
    recorder.put(end(1))
    await recorder.drained(0.01)
    assert recorder.batches == []
