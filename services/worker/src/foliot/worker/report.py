"""Report: the metrics and the log line of each attempt that is recorded, or that was taken from this worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from foliot.common.model.states import ExecutionStatus
from foliot.common.model.tracing import trace_id
from foliot.worker import events, metrics
from foliot.worker.ended import Ended

_log = structlog.get_logger()


def report_recorded(
    worker_id: str, recorded: Sequence[Ended], durations: Mapping[int, int], retries: Mapping[int, datetime]
) -> None:
    """After the commit. By execution_id: `durations` in milliseconds, `retries` the time of the next attempt."""
    counts = Counter((ended.status, ended.claimed.job_type) for ended in recorded)
    for (status, job_type), count in counts.items():
        metrics.executed(worker_id, status, job_type).inc(count)
    log = _log.bind()  # found once: looking for it costs half as much as the line
    for ended in recorded:
        execution_id = ended.execution_id
        _report_one(log, worker_id, ended, durations[execution_id], retries.get(execution_id))


def _report_one(log: Any, worker_id: str, ended: Ended, duration: int, retry_at: datetime | None) -> None:
    claimed = ended.claimed
    metrics.job_duration(claimed.job_type).observe(duration / 1000)
    failed = ended.status in (ExecutionStatus.FAILED, ExecutionStatus.TIMEOUT)
    write = log.info if not failed else log.error if retry_at is None else log.warning
    write(
        events.ATTEMPT_FAILED if failed else events.ATTEMPT_FINISHED,
        job_id=claimed.job_id, execution_id=claimed.execution_id, attempt_number=claimed.attempt_number,
        job_type=claimed.job_type, status=ended.status, user_id=claimed.user_id, team_id=claimed.team_id,
        worker_id=worker_id, duration=duration, error=ended.log_error or ended.error_message, retry_at=retry_at,
        request_id=claimed.request_id, trace_id=trace_id(claimed.traceparent),
    )  # fmt: skip


def report_fenced(fenced: Sequence[Ended]) -> None:
    """Results that were dropped: their attempts belong to another worker by now, or to nobody."""
    for ended in fenced:
        metrics.FENCED.inc()
        _log.warning(events.ATTEMPT_FENCED, execution_id=ended.execution_id, job_id=ended.claimed.job_id)
