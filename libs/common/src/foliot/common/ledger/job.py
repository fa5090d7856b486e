"""Jobs: the definition that a caller gave, and the state of the job."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec

from foliot.common.clock import rfc3339


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `jobs`. `status` is the stored one, unless a query derived it from the open executions."""

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
    pool: str
    shadow: bool
    set: str | None
    version: int
    runs_planned: int
    open_since: datetime | None
    request_id: str | None
    traceparent: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None

    @property
    def since(self) -> datetime:
        """The anchor of the schedule."""
        return self.schedule_since

    def definition(self) -> dict[str, Any]:
        """DEFINITION_FIELDS as they are answered, audited and kept as a version."""
        values = dict(zip(DEFINITION_FIELDS, _definition_of(self), strict=True))
        for name in ("start_at", "end_at"):
            if values[name] is not None:
                values[name] = rfc3339(values[name])
        return values


DEFINITION_FIELDS = (
    "job_key", "job_name", "job_type", "description", "schedule", "timezone", "payload", "retry_policy", "priority",
    "timeout_seconds", "overlap_policy", "misfire_policy", "misfire_grace_seconds", "misfire_limit", "dst_gap",
    "dst_overlap", "start_at", "end_at", "max_runs", "jitter_seconds", "labels", "pool", "shadow",
)  # fmt: skip
"""Fields that a caller defines. Version and ETag change with these fields alone."""
_definition_of = attrgetter(*DEFINITION_FIELDS)
