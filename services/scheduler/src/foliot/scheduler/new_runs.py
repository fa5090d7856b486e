"""New runs: each tick that became a run is counted and has one line in the log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import structlog

from foliot.common.ledger.plan import PlannedRow
from foliot.common.model.due import DueJob
from foliot.common.model.states import ExecutionStatus
from foliot.common.model.ticks import Tick
from foliot.common.model.tracing import trace_id
from foliot.scheduler import events, metrics
from foliot.scheduler.decisions import Decision

LINES_PER_TURN = 500
"""Log lines that are written between two turns of the event loop."""
_log = structlog.get_logger()


class NewRun(NamedTuple):
    """A new run as its log line shows it. `next_run_time` is that of its job (None: the job has no further tick)."""

    execution_id: int
    owner: DueJob | Tick
    scheduled_time: datetime
    next_run_time: datetime | None


def sort_out(decisions: Sequence[Decision], inserted: Sequence[PlannedRow]) -> list[NewRun]:
    """The new runs among the inserted rows. Rows of skipped ticks are counted here, by the reason of the skip."""
    next_run_times = {decision.advance.job_id: decision.advance.next_run_time for decision in decisions}
    ticks = {(tick.job_id, tick.scheduled_time): tick for decision in decisions for tick in decision.ticks}
    runs = []
    for row in inserted:
        tick = ticks[row.job_id, row.scheduled_time]
        if tick.status == ExecutionStatus.QUEUED:
            runs.append(NewRun(row.execution_id, tick, tick.scheduled_time, next_run_times[tick.job_id]))
        elif tick.status == ExecutionStatus.SKIPPED:
            metrics.TICKS_SKIPPED.labels(tick.error_message).inc(tick.skipped_count or 1)
    return runs


async def report(runs: Sequence[NewRun]) -> None:
    """Count the runs and write the line of each."""
    metrics.RUNS_PLANNED.inc(len(runs))
    log = _log.bind()  # bound once: binding costs half as much as a line
    for number, (execution_id, owner, scheduled_time, next_run_time) in enumerate(runs, 1):
        if number % LINES_PER_TURN == 0:
            await asyncio.sleep(0)
        log.info(
            events.JOB_SCHEDULED,
            job_id=owner.job_id,
            execution_id=execution_id,
            scheduled_time=scheduled_time,
            next_run_time=next_run_time,
            user_id=owner.user_id,
            team_id=owner.team_id,
            request_id=owner.request_id,
            trace_id=trace_id(owner.traceparent),
        )
