"""GET /v1/jobs/{job_id}/timeline: every expected tick of a range and its outcome, in parts of 1,000."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import msgspec

from foliot.api.queries.history import TickRow
from foliot.api.queries.unit import Unit
from foliot.api.views.expectations import Period, Unrecorded, expected_ticks, latest_ticks, periods_of
from foliot.api.views.outcomes import Snapshot, TimelineTick, outcomes
from foliot.common.errors import FieldError, Invalid
from foliot.common.ledger.job import Job

MAX_TICKS = 1_000
"""Ticks, and versions of the job, of one answer."""
MAX_RANGE = timedelta(days=31)
DAY = timedelta(days=1)
Part = tuple[list[TimelineTick], datetime | None]
"""Ticks, oldest first, and where the next part begins; None: this is the last."""


class TimelineWanted(msgspec.Struct, frozen=True, kw_only=True):
    """The ticks that a request asks for. `outcomes`: only those; None: all but the ticks of the time before the job's
    creation."""

    given_from: datetime | None
    given_to: datetime | None
    newest_first: bool
    outcomes: Sequence[str] | None

    def range_for(self, job: Job, now: datetime) -> tuple[datetime, datetime]:
        """One end alone means the day beside it. Without any: from a day ago, or the job's creation if that is later,
        to a day ahead; newest first to now."""
        ahead = now if self.newest_first else now + DAY
        last = self.given_to or (self.given_from + DAY if self.given_from else ahead)
        created = job.created_at - timedelta(seconds=job.misfire_grace_seconds)  # its one tick may lie before
        first = self.given_from or min(last, max(created, (self.given_to or now) - DAY))
        if first > last:
            raise Invalid([FieldError("from", "must not be later than to")])
        if last - first > MAX_RANGE:
            raise Invalid([FieldError("to", f"at most {MAX_RANGE.days} days after from: ask for the range in parts")])
        return first.astimezone(UTC), last.astimezone(UTC)

    def shows(self, tick: TimelineTick) -> bool:
        return self.outcomes is None or tick.outcome in self.outcomes

    def periods(self, found: list[Period]) -> list[Period]:
        if self.outcomes is not None and Unrecorded.NOT_CREATED in self.outcomes:
            return found
        return [period for period in found if period.status != Unrecorded.NOT_CREATED]


async def timeline(unit: Unit, job: Job, wanted: TimelineWanted, now: datetime) -> dict[str, Any]:
    """`unit` reads a snapshot. `next_from`, or `next_to` where the newest come first: the next part begins there; null:
    this is the last. Raises Invalid for a range that makes no sense."""
    first, last = wanted.range_for(job, now)
    if wanted.newest_first:
        found, following = await _newest(unit, job, wanted, first, last)
        return {"items": [tick for tick in reversed(found) if wanted.shows(tick)], "next_to": following}
    found, following = await _oldest(unit, job, wanted, first, last)
    return {"items": [tick for tick in found if wanted.shows(tick)], "next_from": following}


async def _oldest(unit: Unit, job: Job, wanted: TimelineWanted, first: datetime, last: datetime) -> Part:
    versions = await unit.history.list_job_versions(job.job_id, first, last, MAX_TICKS + 1)
    if more := len(versions) > MAX_TICKS:
        last = versions[MAX_TICKS].valid_from
    periods = await _cut_at_last_rows(unit, job.job_id, wanted.periods(periods_of(job, versions)), first)
    ticks = list(islice(expected_ticks(periods, first, last, MAX_TICKS + 1), MAX_TICKS + 1))
    until = ticks[MAX_TICKS][0] if len(ticks) > MAX_TICKS else last
    rows = await unit.history.list_ticks(job.job_id, first, until, MAX_TICKS + 1)
    found = outcomes(await _snapshot(unit, job, periods, rows, first), ticks)
    if len(found) > MAX_TICKS:
        return found[:MAX_TICKS], found[MAX_TICKS].scheduled_time
    return found, last if more else None


async def _newest(unit: Unit, job: Job, wanted: TimelineWanted, first: datetime, last: datetime) -> Part:
    """As _oldest, from the other end."""
    versions = await unit.history.list_latest_job_versions(job.job_id, first, last, MAX_TICKS + 1)
    if more := len(versions) > MAX_TICKS:
        versions = versions[:MAX_TICKS]
        first = versions[-1].valid_from
    periods = await _cut_at_last_rows(unit, job.job_id, wanted.periods(periods_of(job, versions[::-1])), first)
    ticks = latest_ticks(periods, first, last, MAX_TICKS + 1)
    since = ticks[0][0] if len(ticks) > MAX_TICKS else first
    rows = await unit.history.list_latest_ticks(job.job_id, since, last, MAX_TICKS + 1)
    found = outcomes(await _snapshot(unit, job, periods, rows[::-1], since), ticks)
    if len(found) > MAX_TICKS:
        return found[-MAX_TICKS:], found[-MAX_TICKS - 1].scheduled_time
    return found, first if more else None


async def _snapshot(unit: Unit, job: Job, periods: list[Period], rows: list[TickRow], first: datetime) -> Snapshot:
    return Snapshot(
        job=job, periods=periods, rows=rows, row_before=await unit.history.select_last_tick(job.job_id, first),
        floor=await unit.history.select_floor(),
    )  # fmt: skip


async def _cut_at_last_rows(unit: Unit, job_id: int, periods: list[Period], first: datetime) -> list[Period]:
    """A period whose schedule ran out expects nothing after its last row: it ends there."""
    return [await _cut_at_last_row(unit, job_id, p) if p.ran_out and p.end >= first else p for p in periods]


async def _cut_at_last_row(unit: Unit, job_id: int, period: Period) -> Period:
    row = await unit.history.select_last_tick(job_id, period.end)
    last = max(row.scheduled_time, row.skipped_until or row.scheduled_time) if row else period.begin
    return msgspec.structs.replace(period, end=min(period.end, last))
