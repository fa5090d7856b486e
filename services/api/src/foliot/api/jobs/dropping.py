"""Due ticks that a change drops: SKIPPED rows cover them, so that none is without a trace."""

from __future__ import annotations

from datetime import datetime, timedelta

from foliot.api.jobs.next_tick import due_tick
from foliot.api.queries.unit import Unit
from foliot.common.ledger.job import Job
from foliot.common.model.policies import SkipReason
from foliot.common.model.skipped import skip_range
from foliot.common.schedules.of_job import timetable_of

_MICROSECOND = timedelta(microseconds=1)


async def drop_due(unit: Unit, job: Job, now: datetime, reason: SkipReason) -> None:
    """Cover the ticks of the locked job, as it was before this change, that are due and not planned. Those before the
    floor of history are left out: their months are dropped."""
    times = timetable_of(job)
    due = due_tick(job, times, now)
    if due is None:
        return
    floor = await unit.months.hold_floor()
    first = due if due >= floor else times.next_after(floor - _MICROSECOND)
    if first is None or first > now:
        return
    await unit.months.ensure_partitions("executions", first, now)
    await unit.plan.insert_planned(skip_range(job, times, first, now, reason), None)
