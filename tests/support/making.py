"""Jobs and times for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from foliot.common.ledger.job import Job
from foliot.common.model.due import DueJob

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def a_due_job(**fields: Any) -> DueJob:
    values: dict[str, Any] = {
        "job_id": 1, "user_id": 1, "team_id": None, "job_name": "a job", "schedule": "@every 10s", "timezone": "UTC",
        "schedule_since": NOW - timedelta(days=1), "spread_key": None, "next_run_time": NOW, "overlap_policy": "skip",
        "misfire_policy": "run_once", "misfire_grace_seconds": 60, "misfire_limit": 100, "dst_gap": "shift",
        "dst_overlap": "first", "start_at": None, "end_at": None, "max_runs": None, "runs_planned": 0,
        "jitter_seconds": 0, "pool": "default", "priority": 0, "shadow": False, "version": 1, "request_id": None, "traceparent": None,
        "at": (0, 1), "read_xmin": 700, "open_since": None,
    }  # fmt: skip
    return msgspec.convert(values | fields, DueJob, strict=True)


def a_job(**fields: Any) -> Job:
    """As PostgreSQL gives it: created a day ago with a tick every 10 seconds, due now."""
    values: dict[str, Any] = {
        "job_id": 1, "user_id": 1, "team_id": None, "job_key": None, "job_name": "a job", "job_type": "script",
        "description": None, "schedule": "@every 10s", "timezone": "UTC", "schedule_since": NOW - timedelta(days=1),
        "spread_key": None, "next_run_time": NOW, "last_run_time": None, "paused_run_time": None,
        "payload": {"script": "true"}, "status": "PENDING", "retry_policy": {}, "priority": 0, "timeout_seconds": 300,
        "overlap_policy": "skip", "misfire_policy": "run_once", "misfire_grace_seconds": 60, "misfire_limit": 100,
        "dst_gap": "shift", "dst_overlap": "first", "start_at": None, "end_at": None, "max_runs": None,
        "jitter_seconds": 0, "labels": {}, "pool": "default", "shadow": False, "set": None, "version": 1, "runs_planned": 0,
        "open_since": None,
        "request_id": None, "traceparent": None, "created_at": NOW - timedelta(days=1),
        "updated_at": NOW - timedelta(days=1), "deleted_at": None,
    }  # fmt: skip
    return msgspec.convert(values | fields, Job, strict=True)


async def insert_job(connection: asyncpg.Connection[asyncpg.Record], **columns: Any) -> int:
    """A script job, due one second ago unless said otherwise; jsonb columns as text."""
    values: dict[str, Any] = {
        "user_id": 1,
        "job_name": "a job",
        "job_type": "script",
        "schedule": "@every 1h",
        "payload": '{"script": "true"}',
        "next_run_time": datetime.now(UTC) - timedelta(seconds=1),
    }
    values |= columns
    names = ", ".join(values)
    places = ", ".join(f"${n + 1}" for n in range(len(values)))
    job_id: int = await connection.fetchval(
        f"INSERT INTO jobs ({names}) VALUES ({places}) RETURNING job_id", *values.values()
    )
    return job_id
