"""The outcome of each tick of a range: the ledger's rows, and the expected ticks that have none."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from foliot.api.queries.history import LastTick, TickRow
from foliot.api.views.expectations import Period, Unrecorded
from foliot.common.ledger.job import Job
from foliot.common.ledger.resuming import runs_left
from foliot.common.model.states import ExecutionStatus

RangeRow = TickRow | LastTick
"""A SKIPPED row that stands for many dropped ticks: from its scheduled_time to `skipped_until`."""
_MILLISECOND = timedelta(milliseconds=1)


class TimelineTick(msgspec.Struct, frozen=True, kw_only=True):
    """One tick of a timeline.

    `outcome`: the status of its last attempt, SKIPPED, or an Unrecorded. `expected`: the definition of that time has
    this tick. `lateness_ms`: from available to the first start.
    """

    scheduled_time: datetime
    local: str
    outcome: str
    expected: bool = True
    reason: str | None = None
    execution_id: int | None = None
    attempts: int = 0
    lateness_ms: int | None = None
    job_version: int | None = None


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All that the outcomes depend on, as it was at one instant.

    `rows`: those of the range; `row_before`: the last one before it, which may stand for ticks of the range. `floor`:
    history before it is dropped.
    """

    job: Job
    periods: list[Period]
    rows: Sequence[TickRow]
    row_before: LastTick | None
    floor: datetime | None


def outcomes(snapshot: Snapshot, ticks: Sequence[tuple[datetime, Period]]) -> list[TimelineTick]:
    """In order of time. `ticks`: the expected ones of the range, with their periods."""
    rows = {row.scheduled_time: row for row in snapshot.rows}
    expected = {tick for tick, _ in ticks}
    found = [_recorded(snapshot, row, at in expected) for at, row in rows.items()]
    range_rows = _range_rows(snapshot)
    left = runs_left(snapshot.job)
    for tick, period in ticks:
        if tick in rows:
            continue
        if (range_row := _row_over(range_rows, tick)) is not None:
            found.append(_dropped(period, tick, range_row))
            continue
        outcome = _unrecorded(snapshot, tick, period)
        if outcome is Unrecorded.TO_COME and not snapshot.job.shadow:  # max_runs counts no tick of a shadow
            left -= 1
            if left < 0:
                continue
        found.append(_without_row(period, tick, outcome))
    return sorted(found, key=lambda tick: tick.scheduled_time)


def _range_rows(snapshot: Snapshot) -> list[RangeRow]:
    rows: list[RangeRow | None] = [snapshot.row_before, *snapshot.rows]
    return [row for row in rows if row is not None and row.skipped_until is not None]


def _row_over(range_rows: Sequence[RangeRow], tick: datetime) -> RangeRow | None:
    """The row that stands for many dropped ticks, of which this is one."""
    place = bisect_right(range_rows, tick, key=lambda row: row.scheduled_time)
    if place == 0:
        return None
    row = range_rows[place - 1]
    return row if row.skipped_until is not None and tick <= row.skipped_until else None


def _unrecorded(snapshot: Snapshot, tick: datetime, period: Period) -> Unrecorded:
    if period.status in (Unrecorded.PAUSED, Unrecorded.NOT_CREATED):
        return Unrecorded(period.status)
    if tick == snapshot.job.paused_run_time:
        return Unrecorded.PAUSED
    if snapshot.job.next_run_time is not None and tick >= snapshot.job.next_run_time:
        return Unrecorded.TO_COME
    if snapshot.floor is not None and tick < snapshot.floor:
        return Unrecorded.EXPIRED
    return Unrecorded.MISSING


def _recorded(snapshot: Snapshot, row: TickRow, expected: bool) -> TimelineTick:
    at, lateness = row.scheduled_time, row.lateness
    period = next((p for p in reversed(snapshot.periods) if p.begin < at), snapshot.periods[-1])
    return TimelineTick(
        scheduled_time=at, local=_local(period, at), outcome=row.status, expected=expected, reason=row.error_message,
        execution_id=row.execution_id, attempts=0 if row.status == ExecutionStatus.SKIPPED else row.attempts,
        lateness_ms=None if lateness is None else max(0, lateness // _MILLISECOND),
        job_version=row.job_version or period.version,
    )  # fmt: skip


def _dropped(period: Period, tick: datetime, row: RangeRow) -> TimelineTick:
    return TimelineTick(
        scheduled_time=tick, local=_local(period, tick), outcome=ExecutionStatus.SKIPPED, reason=row.error_message,
        execution_id=row.execution_id, job_version=_version(period),
    )  # fmt: skip


def _without_row(period: Period, tick: datetime, outcome: Unrecorded) -> TimelineTick:
    return TimelineTick(scheduled_time=tick, local=_local(period, tick), outcome=outcome, job_version=_version(period))


def _version(period: Period) -> int | None:
    return None if period.status == Unrecorded.NOT_CREATED else period.version


def _local(period: Period, at: datetime) -> str:
    """On the job's wall clock; in UTC where its zone cannot be read any more."""
    return at.astimezone(period.times.zone if period.times else UTC).isoformat()
