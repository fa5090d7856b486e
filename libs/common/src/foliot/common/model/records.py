"""The records of the system, as they are read from PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from foliot.common.model.states import ExecutionStatus, Trigger


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """How a failed attempt is tried again. Times in seconds."""

    max_retries: int = 3
    backoff_factor: float = 3
    max_backoff: float = 3600
    jitter: float = 0
    max_age: float | None = None
    retry_on: list[int | str] | None = None

    def delay_after(self, attempt_number: int, u: float, retry_after: float | None = None) -> timedelta:
        """Delay before the next attempt: min(max_backoff, backoff_factor ** n) x (1 + jitter x u), u in -1..1;
        a Retry-After of the target counts if it is longer, up to max_backoff."""
        try:
            backoff = min(self.max_backoff, self.backoff_factor**attempt_number)
        except OverflowError:
            backoff = self.max_backoff
        seconds = backoff * (1 + self.jitter * u)
        if retry_after is not None:
            seconds = max(seconds, min(retry_after, self.max_backoff))
        return timedelta(seconds=max(0.0, seconds))


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A definition and where it stands. `status` is the stored one unless a query derived it."""

    job_id: int
    user_id: int
    team_id: int | None
    job_key: str | None
    job_name: str
    job_type: str
    description: str | None
    schedule: str | None
    timezone: str
    schedule_since: datetime
    spread_key: str | None
    next_run_time: datetime | None
    last_run_time: datetime | None
    paused_run_time: datetime | None
    payload: Any
    status: str
    retry_policy: dict[str, Any]
    priority: int
    timeout_seconds: int
    overlap_policy: str
    misfire_policy: str
    misfire_grace_seconds: int
    misfire_limit: int
    dst_gap: str
    dst_overlap: str
    start_at: datetime | None
    end_at: datetime | None
    max_runs: int | None
    jitter_seconds: int
    labels: dict[str, str]
    queue: str
    version: int
    runs_planned: int
    open_since: datetime | None
    request_id: str | None
    traceparent: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


HIDDEN_JOB_FIELDS = frozenset(
    {"schedule_since", "spread_key", "paused_run_time", "open_since", "request_id", "traceparent"}
)
DEFINITION_FIELDS = (
    "job_key", "job_name", "job_type", "description", "schedule", "timezone", "payload", "retry_policy", "priority",
    "timeout_seconds", "overlap_policy", "misfire_policy", "misfire_grace_seconds", "misfire_limit", "dst_gap",
    "dst_overlap", "start_at", "end_at", "max_runs", "jitter_seconds", "labels", "queue",
)  # fmt: skip
"""What a caller defines; version and ETag change with these and nothing else."""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, as the API shows it (without `logs` in lists)."""

    execution_id: int
    job_id: int
    worker_id: str | None
    status: str
    scheduled_time: datetime
    start_time: datetime | None
    end_time: datetime | None
    duration_ms: int | None
    exit_code: int | None
    http_status: int | None
    error_message: str | None
    attempt_number: int
    trigger: str
    job_version: int | None
    cancel_requested_at: datetime | None
    skipped_count: int | None
    skipped_until: datetime | None
    created_at: datetime


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that has just ended in this transaction, with what decides whether another follows."""

    execution_id: int
    job_id: int
    scheduled_time: datetime
    attempt_number: int
    status: ExecutionStatus
    trigger: Trigger
    retry_policy: RetryPolicy
    error_message: str | None = None
    final: bool = False
    retry_after: float | None = None


def execution_from(record: asyncpg.Record) -> Execution:
    return Execution(**record)


_DEFAULT = RetryPolicy()
_MOSTLY = {"max_retries": 3, "backoff_factor": 3}


def policy_from(raw: dict[str, Any] | None) -> RetryPolicy:
    """The policy of a jobs row; members left out (or nonsense from a hand-written row) take the defaults."""
    if raw == _MOSTLY:
        return _DEFAULT
    try:
        return msgspec.convert({k: v for k, v in (raw or {}).items() if v is not None}, RetryPolicy)
    except (msgspec.ValidationError, AttributeError):
        return RetryPolicy()
