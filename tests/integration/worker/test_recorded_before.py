"""What a batch has written already is not taken for fenced when the batch is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from foliot.common.process.metrics import JOBS_PROCESSED
from foliot.worker import metrics, recorder
from foliot.worker.ended import Ended
from foliot.worker.executors.attempt import Result
from support.databases import TestDatabase

from .conftest import LosesAnswers, Worker, queued


async def ended(worker: Worker, rows: Sequence[asyncpg.Record]) -> list[Ended]:
    """The results of these attempts, which nobody has recorded yet."""
    worker.deliver(*rows)
    await worker.claimer.step()
    await asyncio.gather(*(entry.task for entry in worker.running.entries() if entry.task))
    batch, worker.recorder._waiting = worker.recorder._waiting, []
    return batch


def counts() -> tuple[float, float, float]:
    values = (metrics.FENCED, JOBS_PROCESSED.labels("success"), JOBS_PROCESSED.labels("failed"))
    fenced, success, failed = (value._value.get() for value in values)
    return fenced, success, failed


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "PAUSE_WHEN_AWAY", 0.0)


@pytest.mark.parametrize(
    ("columns", "succeeded", "outcome"),
    [
        ({}, True, (0, 2, 0)),
        ({"next_run_time": None, "schedule": "immediate"}, True, (0, 2, 0)),
        ({"retry_policy": '{"max_retries": 0}'}, False, (0, 0, 2)),
        ({"retry_policy": '{"max_retries": 1}'}, False, (0, 0, 0)),
    ],
)
async def test_a_commit_whose_answer_was_lost_is_recognised(
    worker: Worker, database: TestDatabase, columns: dict[str, Any], succeeded: bool, outcome: tuple[float, ...]
) -> None:
    worker.executor.result = Result(succeeded=succeeded)
    async with database.owner() as sql:
        batch = await ended(worker, await queued(sql, 2, **columns))
        worker.recorder._database = LosesAnswers(worker.units)  # type: ignore[assignment]
        before = counts()
        with capture_logs() as lines:
            await worker.recorder._record(batch)
        retries = await sql.fetchval("SELECT count(*) FROM executions WHERE trigger = 'retry'")
    assert tuple(after - was for after, was in zip(counts(), before, strict=True)) == outcome
    assert len(worker.running) == 0
    finished = [line for line in lines if line["event"] in ("attempt_finished", "attempt_failed")]
    assert [line["duration"] is not None for line in finished] == [True, True]
    assert sum(line["retry_at"] is not None for line in finished) == retries


async def test_what_a_rescue_ended_is_fenced_all_the_same(worker: Worker, database: TestDatabase) -> None:
    async with database.owner() as sql:
        batch = await ended(worker, await queued(sql))
        await sql.execute("UPDATE executions SET status = 'FAILED', end_time = now(), error_message = 'worker lost'")
        worker.recorder._database = LosesAnswers(worker.units)  # type: ignore[assignment]
        before = counts()
        await worker.recorder._record(batch)
    assert counts()[0] - before[0] == 1


async def test_the_parts_of_a_split_batch_are_recorded_once(
    worker: Worker, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One result cannot be stored, and then the server is out of room for a moment: the others were written before."""
    errors = [asyncpg.DataError("bad"), None, asyncpg.DiskFullError("full")]
    write = recorder.record_plain

    async def failing(*arguments: Any) -> Any:
        error = errors.pop(0) if errors else None
        if error is not None:
            raise error
        return await write(*arguments)

    monkeypatch.setattr(recorder, "record_plain", failing)
    async with database.owner() as sql:
        batch = await ended(worker, await queued(sql, 4))
        before = counts()
        await worker.recorder._record(batch)
        assert await sql.fetchval("SELECT count(*) FROM executions WHERE status = 'COMPLETED'") == 4
    assert tuple(after - was for after, was in zip(counts(), before, strict=True)) == (0, 4, 0)
