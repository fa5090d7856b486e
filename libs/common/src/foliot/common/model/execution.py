"""Executions: one row of the ledger per attempt, in the forms that the steps of its life need."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Execution(msgspec.Struct, frozen=True):
    """One attempt as the API shows it, without `logs`. The fields are the fragment `execution_columns`, in its order.

    `job_name`: None if the job's row is gone. `datasource`: of a sql_query that waits.
    """

    execution_id: int
    job_id: int
    job_name: str | None
    job_key: str | None
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
    pool: str
    datasource: str | None


class Handle(msgspec.Struct, frozen=True):
    """The key of one execution. Its scheduled_time names the month, so that PostgreSQL does not search every month."""

    execution_id: int
    scheduled_time: datetime


class Handout(msgspec.Struct, frozen=True):
    """An execution that is committed as dispatched and must now be sent to the broker."""

    execution_id: int
    job_id: int
    scheduled_time: datetime
    attempt_number: int
    pool: str
    priority: int
    available_at: datetime


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The end of an attempt, reported by its claimant."""

    execution_id: int
    scheduled_time: datetime
    status: str
    exit_code: int | None = None
    http_status: int | None = None
    error_message: str | None = None
    logs: str | None = None
