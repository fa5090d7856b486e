"""Every expected tick of a range, and what became of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import msgspec

from foliot.api.queries.history import LastTick, TickRow
from foliot.api.queries.unit import Unit
from foliot.api.views.expectations import NOT_CREATED, Period, expected, periods
from foliot.common.errors import NotFound
from foliot.common.ledger.job import Job
from foliot.common.model.scope import Scope
from foliot.common.model.states import ExecutionStatus, JobStatus

MOST = 1_000
LONGEST = timedelta(days=31)
_MICROSECOND = timedelta(microseconds=1)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One tick. `outcome`: the status of its last attempt; SKIPPED; or, without a row in the ledger, TO_COME, PAUSED,
    NOT_CREATED, EXPIRED (its month is gone) or MISSING, which must not be. `expected`: the definition of that time has
    this tick. `lateness_ms`: from available to the first start."""

    scheduled_time: datetime
    local: str
    outcome: str
    expected: bool = True
    reason: str | None = None
    execution_id: int | None = None
    attempts: int = 0
    lateness_ms: int | None = None
    job_version: int | None = None


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What the answer is made of, all of one instant."""

    job: Job
    life: list[Period]
    rows: Sequence[TickRow]
    before: LastTick | None
    floor: datetime | None


async def timeline(unit: Unit, job_id: int, scope: Scope, first: datetime, last: datetime) -> dict[str, Any]:
    """`unit` reads a snapshot. `next_from`: where to go on if there are more than MOST ticks. Raises NotFound."""
    job = await unit.jobs.select_job(job_id, scope)
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    versions = await unit.history.list_job_versions(job_id, first, last, MOST + 1)
    if len(versions) > MOST:
        last = versions[MOST].valid_from
    life = await _ended(unit, job_id, periods(job, versions), first)
    ticks = list(islice(expected(life, first, last, MOST + 1), MOST + 1))
    until = ticks[MOST][0] if len(ticks) > MOST else last
    read = Read(
        job=job, life=life, rows=await unit.history.list_ticks(job_id, first, until, MOST + 1),
        before=await unit.history.select_last_tick(job_id, first), floor=await unit.history.select_floor(),
    )  # fmt: skip
    entries = _merged(read, ticks)
    following = entries[MOST].scheduled_time if len(entries) > MOST else None
    if following is None and len(versions) > MOST:
        following = last
    return {"items": entries[:MOST], "next_from": following}


async def _ended(unit: Unit, job_id: int, life: list[Period], first: datetime) -> list[Period]:
    """Periods that came to their own end expect nothing after their last row."""
    ends: dict[int, datetime] = {}
    for place, period in enumerate(life):
        if period.ended and period.end >= first:
            row = await unit.history.select_last_tick(job_id, period.end)
            last = max(row.scheduled_time, row.skipped_until or row.scheduled_time) if row else period.begin
            ends[place] = min(period.end, last)
    return [msgspec.structs.replace(period, end=ends.get(place, period.end)) for place, period in enumerate(life)]


def _merged(read: Read, ticks: list[tuple[datetime, Period]]) -> list[Entry]:
    """The ledger's rows and the expected ticks that have none, in order."""
    rows = {row.scheduled_time: row for row in read.rows}
    wanted = {tick for tick, _ in ticks}
    entries = [_of_row(read, row, at in wanted) for at, row in rows.items()]
    covers = [row for row in (read.before, *read.rows) if row is not None and row.skipped_until is not None]
    left = _runs_left(read.job)
    for tick, period in ticks:
        if tick in rows:
            continue
        cover = _cover(covers, tick)
        outcome = "SKIPPED" if cover is not None else _without_row(read, tick, period)
        if outcome == "TO_COME":
            left -= 1
            if left < 0:
                continue
        entries.append(_entry(period, tick, outcome, cover))
    return sorted(entries, key=lambda entry: entry.scheduled_time)


def _cover(covers: list[TickRow | LastTick], tick: datetime) -> TickRow | LastTick | None:
    """The row of many dropped ticks that this one is among."""
    place = bisect_right(covers, tick, key=lambda row: row.scheduled_time)
    if place == 0:
        return None
    cover = covers[place - 1]
    return cover if cover.skipped_until is not None and tick <= cover.skipped_until else None


def _runs_left(job: Job) -> float:
    return float("inf") if job.max_runs is None else job.max_runs - job.runs_planned


def _without_row(read: Read, tick: datetime, period: Period) -> str:
    if period.status in (JobStatus.PAUSED, NOT_CREATED):
        return period.status
    if tick == read.job.paused_run_time:
        return JobStatus.PAUSED.value
    if read.job.next_run_time is not None and tick >= read.job.next_run_time:
        return "TO_COME"
    return "EXPIRED" if read.floor is not None and tick < read.floor else "MISSING"


def _entry(period: Period, tick: datetime, outcome: str, cover: TickRow | LastTick | None) -> Entry:
    assert period.times is not None
    return Entry(
        scheduled_time=tick, local=tick.astimezone(period.times.zone).isoformat(), outcome=outcome,
        reason=cover.error_message if cover is not None else None,
        execution_id=cover.execution_id if cover is not None else None,
        job_version=None if period.status == NOT_CREATED else period.version,
    )  # fmt: skip


def _of_row(read: Read, row: TickRow, wanted: bool) -> Entry:
    at, lateness = row.scheduled_time, row.lateness
    period = next((p for p in reversed(read.life) if p.begin < at), read.life[-1])
    return Entry(
        scheduled_time=at, local=at.astimezone(period.times.zone if period.times else UTC).isoformat(),
        outcome=row.status, expected=wanted, reason=row.error_message, execution_id=row.execution_id,
        attempts=0 if row.status == ExecutionStatus.SKIPPED else row.attempts,
        lateness_ms=None if lateness is None else max(0, lateness // timedelta(milliseconds=1)),
        job_version=row.job_version or period.version,
    )  # fmt: skip
