"""Recording: the two ways in which PostgreSQL takes a batch of results, both fenced by status and claim token."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from operator import attrgetter

import msgspec

from foliot.common.errors import Unavailable
from foliot.common.ledger.again import again
from foliot.common.ledger.claim import EarlierRow, RecordedRow
from foliot.common.ledger.conclude import Concluded, conclude, end_runs
from foliot.common.model.states import RETRIED, ExecutionStatus
from foliot.worker.ended import Ended
from foliot.worker.unit import Unit, UnitsOfWork


class Recorded(msgspec.Struct, frozen=True):
    """The effect of one batch: by execution_id the duration in milliseconds of each result that was written, and what
    followed. A result of the batch that is not here was fenced."""

    durations: dict[int, int]
    concluded: Concluded


@again
async def record_plain(database: UnitsOfWork, batch: Sequence[Ended], claim: int, now: float) -> Recorded:
    """Record plain successes by one statement, and release the runs that wait for them. A run that cannot be released
    now is released by reconcile within a second. `now`: the clock's elapsed().

    Raises Unavailable and PostgresError.
    """
    async with database.session() as unit:
        rows = await _write(unit, batch, claim, now, plain=True)
    waiting = {row.execution_id for row in rows if row.waits}
    if waiting:
        job_ids = {ended.claimed.job_id for ended in batch if ended.execution_id in waiting}
        with contextlib.suppress(Unavailable):
            await _release(database, sorted(job_ids))
    return Recorded(_durations(rows), Concluded(completed=len(rows)))


@again
async def _release(database: UnitsOfWork, job_ids: Sequence[int]) -> None:
    async with database.transaction() as unit:
        await end_runs(unit, job_ids)


@again
async def record(database: UnitsOfWork, batch: Sequence[Ended], claim: int, now: float) -> Recorded:
    """Record any results and conclude them in the same transaction, whose jobs are locked before their executions.
    `now`: the clock's elapsed().

    Raises Unavailable and PostgresError.
    """
    async with database.transaction() as unit:
        settling = await unit.endings.lock_settling(sorted({ended.claimed.job_id for ended in batch}))
        rows = await _write(unit, batch, claim, now, plain=False)
        if not rows:
            return Recorded({}, Concluded())
        written = _durations(rows)
        finished = [ended.finished() for ended in batch if ended.execution_id in written]
        concluded = await conclude(unit, finished, await unit.server.select_now(), settling)
    return Recorded(written, concluded)


async def recorded_before(database: UnitsOfWork, batch: Sequence[Ended]) -> Recorded:
    """The effect of an earlier write of these results whose answer was lost. What a rescue ended is not part of it.

    Raises Unavailable and PostgresError.
    """
    handles, claims = [ended.claimed.handle for ended in batch], {ended.claimed.claim for ended in batch}
    async with database.session() as unit:
        rows = await unit.claims.select_recorded(handles, claims)
    durations = _durations(rows)
    retries = {row.execution_id: row.retry_at for row in rows if row.retry_at is not None}
    written = [ended.finished() for ended in batch if ended.execution_id in durations]
    concluded = Concluded(
        completed=sum(item.status is ExecutionStatus.COMPLETED for item in written),
        retries=retries,
        retried=[item for item in written if item.execution_id in retries],
        given_up=[item for item in written if item.status in RETRIED and item.execution_id not in retries],
    )
    return Recorded(durations, concluded)


async def _write(unit: Unit, batch: Sequence[Ended], claim: int, now: float, *, plain: bool) -> list[RecordedRow]:
    """Rows are locked in the order of their ids: two writers that meet then wait, and do not deadlock."""
    ordered = sorted(batch, key=attrgetter("execution_id"))
    return await unit.claims.record_executions(ordered, [now - ended.at for ended in ordered], claim, plain=plain)


def _durations(rows: Sequence[RecordedRow | EarlierRow]) -> dict[int, int]:
    return {row.execution_id: row.duration_ms or 0 for row in rows}
