"""A job as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from foliot.api.jobs.definition import JobTypeName
from foliot.api.jobs.shown_policy import RetryPolicyView, shown_policy
from foliot.api.queries.jobs import Pause, SeenJob
from foliot.api.views.served import Fleet, datasource_of
from foliot.api.web.auth import Principal, Role
from foliot.common.errors import FieldError
from foliot.common.model.hidden import without_secrets
from foliot.common.model.policies import MisfirePolicy, OverlapPolicy
from foliot.common.model.states import ExecutionStatus, JobStatus


class JobMembers(msgspec.Struct, frozen=True, kw_only=True):
    """A job: its definition, with every default filled in, and its state."""

    job_id: int
    user_id: int
    team_id: int | None
    job_key: str | None
    job_name: str
    job_type: JobTypeName
    description: str | None
    schedule: str | None
    timezone: str
    next_run_time: datetime | None
    last_run_time: datetime | None
    payload: dict[str, Any]
    status: JobStatus
    retry_policy: RetryPolicyView
    priority: int
    timeout_seconds: int
    overlap_policy: OverlapPolicy
    misfire_policy: MisfirePolicy
    misfire_grace_seconds: int
    misfire_limit: int
    dst_gap: Literal["shift", "skip"]
    dst_overlap: Literal["first", "second", "both"]
    start_at: datetime | None
    end_at: datetime | None
    max_runs: int | None
    jitter_seconds: int
    labels: dict[str, str]
    pool: str
    shadow: bool
    version: int
    runs_planned: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    paused: Pause | None
    set: str | None
    last_status: ExecutionStatus | None
    retry_delays: str


class JobView(JobMembers, frozen=True, kw_only=True):
    """A job: its definition, with every default filled in, and its state."""

    warnings: list[FieldError]


SHOWN_FIELDS = JobMembers.__struct_fields__
"""The members of a job, in a list and alone."""
_AS_STORED = tuple(name for name in SHOWN_FIELDS if name not in ("payload", "retry_policy", "retry_delays"))


def shown(job: SeenJob, principal: Principal, fleet: Fleet) -> JobView:
    """With `warnings`: what it needs and no worker has."""
    lack = fleet.lacks(job.pool, datasource_of(job.job_type, job.payload))
    return JobView(**members_of(job, principal), warnings=warnings(lack))


def members_of(job: SeenJob, principal: Principal) -> dict[str, Any]:
    """Those of SHOWN_FIELDS. Values that look secret are for those alone who may change the job."""
    policy = shown_policy(job.retry_policy, job.job_type)
    members = {name: getattr(job, name) for name in _AS_STORED}
    members |= {"payload": job.payload, "retry_policy": policy.members, "retry_delays": policy.delays}
    if principal.role < Role.OPERATOR:
        members["payload"] = without_secrets(job.payload)
    return members


def warnings(lack: FieldError | None) -> list[FieldError]:
    """In the form of the errors of a refusal."""
    return [] if lack is None else [lack]
