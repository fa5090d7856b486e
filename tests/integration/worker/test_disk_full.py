"""A full disk costs time and no attempt: claims and results wait until there is room again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from foliot.common.process import metrics
from foliot.worker import claimer as claimer_module
from foliot.worker import events
from foliot.worker import recorder as recorder_module
from support.databases import TestDatabase
from support.eventually import eventually
from support.ledger import Sql

from .conftest import Worker, queued

DISK = """
    CREATE TABLE disk (is_full BOOL);
    INSERT INTO disk VALUES (false);
    CREATE FUNCTION write_to_disk() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        IF (SELECT is_full FROM disk) THEN
            RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER disk BEFORE UPDATE ON executions FOR EACH ROW EXECUTE FUNCTION write_to_disk();
"""
"""PostgreSQL's own error for a file that it cannot extend, while the table says so."""


async def set_full(sql: Sql, full: bool) -> None:
    await sql.execute("UPDATE disk SET is_full = $1", full)


async def status(sql: Sql) -> str:
    found: str = await sql.fetchval("SELECT status FROM executions")
    return found


def refused() -> float:
    """Units of work that a full disk has refused."""
    return metrics.DB_UNAVAILABLE.labels("disk_full")._value.get()


def logged(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> list[Any]:
    """The lines that the module writes from now on."""
    capture = LogCapture()
    monkeypatch.setattr(module, "_log", structlog.wrap_logger(None, processors=[capture]))
    return capture.entries


@contextlib.asynccontextmanager
async def running(loop: Any) -> AsyncIterator[asyncio.Task[None]]:
    """The loop of a claimer or a recorder; it must not have ended when the body has."""
    task = asyncio.create_task(loop.run())
    try:
        yield task
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def has_waited(task: asyncio.Task[None], before: float, lines: list[Any], event: str) -> None:
    """The loop met the full disk twice, said so, and lives."""

    async def look() -> None:
        assert refused() >= before + 2
        assert [line["event"] for line in lines[:2]] == [event, event]

    done = asyncio.create_task(eventually(look))
    await asyncio.wait([task, done], return_when=asyncio.FIRST_COMPLETED)
    assert not task.done(), task.exception()
    await done


async def test_a_result_waits_for_room(worker: Worker, database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    async with database.owner() as sql:
        await sql.execute(DISK)
        worker.deliver(*await queued(sql))
        await worker.claimer.step()
        await set_full(sql, True)
        before, lines = refused(), logged(monkeypatch, recorder_module)
        async with running(worker.recorder) as recording:
            await has_waited(recording, before, lines, events.RECORD_FAILED)
            assert await status(sql) == "RUNNING"
            assert len(worker.running) == 1
            await set_full(sql, False)
            await worker.recorder.drained(10)
        assert await status(sql) == "COMPLETED"
    assert len(worker.running) == 0


async def test_a_claim_waits_for_room_and_no_row_is_at_fault(
    worker: Worker, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.owner() as sql:
        await sql.execute(DISK)
        await set_full(sql, True)
        before, lines = refused(), logged(monkeypatch, claimer_module)
        delivery = worker.deliver(*await queued(sql))
        async with running(worker.claimer) as claiming:
            await has_waited(claiming, before, lines, events.CLAIM_FAILED)
            assert (await status(sql), delivery.acked) == ("QUEUED", 0)
            await set_full(sql, False)
            async with asyncio.timeout(10):
                await worker.executor.started.wait()
        await worker.ran()
        assert await status(sql) == "COMPLETED"
        assert await sql.fetchval("SELECT count(*) FROM dead_letters") == 0
    assert (len(worker.executor.attempts), delivery.acked) == (1, 1)
