"""GET /v1/jobs/{job_id}/timeline: every expected tick of a range and its outcome, in parts of 1,000."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec

from foliot.api.queries.unit import Unit
from foliot.api.views.expectations import Period, expected_ticks, periods_of
from foliot.api.views.outcomes import Snapshot, outcomes
from foliot.common.errors import NotFound
from foliot.common.model.scope import Scope

MAX_TICKS = 1_000
"""Ticks, and versions of the job, of one answer."""
MAX_RANGE = timedelta(days=31)


async def timeline(unit: Unit, job_id: int, scope: Scope, first: datetime, last: datetime) -> dict[str, Any]:
    """`unit` reads a snapshot. `next_from`: the next part begins there; null: this is the last. Raises NotFound."""
    job = await unit.jobs.select_job(job_id, scope)
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    versions = await unit.history.list_job_versions(job_id, first, last, MAX_TICKS + 1)
    if len(versions) > MAX_TICKS:
        last = versions[MAX_TICKS].valid_from
    periods = await _cut_at_last_rows(unit, job_id, periods_of(job, versions), first)
    ticks = list(islice(expected_ticks(periods, first, last, MAX_TICKS + 1), MAX_TICKS + 1))
    until = ticks[MAX_TICKS][0] if len(ticks) > MAX_TICKS else last
    snapshot = Snapshot(
        job=job, periods=periods, rows=await unit.history.list_ticks(job_id, first, until, MAX_TICKS + 1),
        row_before=await unit.history.select_last_tick(job_id, first), floor=await unit.history.select_floor(),
    )  # fmt: skip
    found = outcomes(snapshot, ticks)
    next_from = found[MAX_TICKS].scheduled_time if len(found) > MAX_TICKS else None
    if next_from is None and len(versions) > MAX_TICKS:
        next_from = last
    return {"items": found[:MAX_TICKS], "next_from": next_from}


async def _cut_at_last_rows(unit: Unit, job_id: int, periods: list[Period], first: datetime) -> list[Period]:
    """A period whose schedule ran out expects nothing after its last row: it ends there."""
    return [await _cut_at_last_row(unit, job_id, p) if p.ran_out and p.end >= first else p for p in periods]


async def _cut_at_last_row(unit: Unit, job_id: int, period: Period) -> Period:
    row = await unit.history.select_last_tick(job_id, period.end)
    last = max(row.scheduled_time, row.skipped_until or row.scheduled_time) if row else period.begin
    return msgspec.structs.replace(period, end=min(period.end, last))
