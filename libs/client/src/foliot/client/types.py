"""Bodies and answers of the API. Written by `make openapi` from the description: do not edit.

A member that may be missing is UNSET. Of texts with known values a type checker sees these; at run time any text
passes, because a newer server may know more of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

if TYPE_CHECKING:
    ExecutionStatus = Literal["CANCELLED", "COMPLETED", "FAILED", "QUEUED", "RUNNING", "SKIPPED", "TIMEOUT"]
    JobStatus = Literal["CANCELLED", "COMPLETED", "FAILED", "PAUSED", "PENDING", "QUEUED", "RUNNING"]
    MisfirePolicy = Literal["run_all", "run_once", "skip"]
    OverlapPolicy = Literal["allow", "cancel_running", "queue_one", "skip"]
    Trigger = Literal["manual", "replay", "retry", "schedule"]
    Change = Literal["change", "conflict", "create", "delete", "same"]
    Action = Literal["apply", "cancel", "create", "delete", "label", "pause", "resume", "run"]
    Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    DstGap = Literal["shift", "skip"]
    DstOverlap = Literal["both", "first", "second"]
    JobType = Literal["http_request", "script", "sql_query"]
    LastStatus = Literal["CANCELLED", "COMPLETED", "FAILED", "TIMEOUT"]
    Role = Literal["admin", "operator", "runner", "viewer"]
    Status = Literal["CANCELLED", "COMPLETED", "RUNNING", "STOPPED"]
else:
    ExecutionStatus = JobStatus = MisfirePolicy = OverlapPolicy = Trigger = Change = Action = Method = DstGap = DstOverlap = JobType = LastStatus = Role = Status = str


class ApiKey(Struct, kw_only=True):
    "A key as the API shows it."
    key_id: int
    name: str
    user_id: int
    team_id: int | None
    role: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class ApiKeyWithSecret(Struct, kw_only=True):
    "A key that was just made. `key`, the secret itself, is in this answer alone."
    key_id: int
    key: str | UnsetType = UNSET
    name: str
    user_id: int
    team_id: int | None
    role: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class AuditLog(Struct, kw_only=True):
    "One change as the API shows it."
    audit_id: int
    user_id: int
    key_id: int | None
    key_name: str | None
    action: str
    resource_type: str
    resource_id: int
    old_value: dict[str, Any] | None
    new_value: dict[str, Any] | None
    ip_address: str | None
    user_agent: str | None
    created_at: datetime


class AuditLogList(Struct, kw_only=True):
    "A page of changes. It may hold fewer than `limit` and still have a next one."
    items: list[AuditLog]
    next_cursor: str | None


class BulkItem(Struct, kw_only=True):
    "One job of a bulk request: what it is, or why nothing was done to it."
    index: int | None
    job_id: int | UnsetType = UNSET
    job_key: str | UnsetType = UNSET
    change: Change | UnsetType = UNSET
    fields: list[str] | UnsetType = UNSET
    error: RowError | UnsetType = UNSET


class BulkRequest(Struct, kw_only=True):
    "An action on many jobs. pause, resume, run, cancel, delete and label choose them by job_ids or filter."
    action: Action
    job_ids: list[int] | None | UnsetType = UNSET
    filter: JobChoice | None | UnsetType = UNSET
    labels: dict[str, str | None] | None | UnsetType = UNSET
    jobs: list[NewJob] | None | UnsetType = UNSET
    set: str | None | UnsetType = UNSET
    prune: int | None | UnsetType = UNSET
    expect: dict[str, str] | None | UnsetType = UNSET
    adopt: bool | UnsetType = UNSET
    dry_run: bool | UnsetType = UNSET


class BulkResult(Struct, kw_only=True):
    "What a bulk request did. `done` is 0 for a dry run, and for an apply of which a row failed."
    matched: int
    done: int
    failed: int
    results: list[BulkItem]
    examples: list[JobItem] | UnsetType = UNSET


class DeadLetter(Struct, kw_only=True):
    "An open dead letter as the API shows it."
    execution_id: int
    job_id: int
    scheduled_time: datetime
    attempt_number: int
    status: str
    error_message: str | None
    fingerprint: str
    dead_at: datetime


class DeadLetterList(Struct, kw_only=True):
    "A page of open dead letters."
    items: list[DeadLetter]
    next_cursor: str | None


class Difference(Struct, kw_only=True):
    "A member of the definition that another version has otherwise. A side that lacks the member is left out."
    field: str
    from_: Any | UnsetType = msgspec.field(default=UNSET, name="from")
    to: Any | UnsetType = UNSET


class Execution(Struct, kw_only=True):
    "One attempt. `reason`: why one that waits cannot start as things are; null if nothing but its turn is in its way."
    execution_id: int
    job_id: int
    job_name: str | None
    job_key: str | None
    worker_id: str | None
    status: ExecutionStatus
    scheduled_time: datetime
    start_time: datetime | None
    end_time: datetime | None
    duration_ms: int | None
    exit_code: int | None
    http_status: int | None
    error_message: str | None
    attempt_number: int
    trigger: Trigger
    job_version: int | None
    cancel_requested_at: datetime | None
    skipped_count: int | None
    skipped_until: datetime | None
    created_at: datetime
    pool: str
    reason: str | None


class ExecutionList(Struct, kw_only=True):
    "A page of attempts. It may hold fewer than `limit` and still have a next one."
    items: list[Execution]
    next_cursor: str | None


class ExecutionWithLogs(Struct, kw_only=True):
    "One attempt with the first and last part of its output, and the payload that it ran with."
    execution_id: int
    job_id: int
    job_name: str | None
    job_key: str | None
    worker_id: str | None
    status: ExecutionStatus
    scheduled_time: datetime
    start_time: datetime | None
    end_time: datetime | None
    duration_ms: int | None
    exit_code: int | None
    http_status: int | None
    error_message: str | None
    attempt_number: int
    trigger: Trigger
    job_version: int | None
    cancel_requested_at: datetime | None
    skipped_count: int | None
    skipped_until: datetime | None
    created_at: datetime
    pool: str
    reason: str | None
    logs: str | None
    payload: dict[str, Any] | None


class FieldError(Struct, kw_only=True):
    "One wrong field: its path as the caller wrote it, and a message with the fault and the remedy."
    field: str
    message: str


class FireTime(Struct, kw_only=True):
    "One tick. `local`: RFC 3339 with the offset of the job's zone at that moment; `marks`: the effects of a DST rule, of the window, of max_runs and of jitter on it."
    utc: str
    local: str
    marks: list[str]


class HttpRequest(Struct, kw_only=True):
    "The request to send."
    url: str
    method: Method | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    body: Any | UnsetType = UNSET
    expected_status: list[str] | UnsetType = UNSET
    follow_redirects: bool | UnsetType = UNSET


class HttpRequestJob(Struct, kw_only=True, tag_field="job_type", tag="http_request"):
    "A job of the type http_request."
    job_id: int
    user_id: int
    team_id: int | None
    job_key: str | None
    job_name: str
    description: str | None
    schedule: str | None
    timezone: str
    next_run_time: datetime | None
    last_run_time: datetime | None
    payload: HttpRequest
    status: JobStatus
    retry_policy: RetryPolicy
    priority: int
    timeout_seconds: int
    overlap_policy: OverlapPolicy
    misfire_policy: MisfirePolicy
    misfire_grace_seconds: int
    misfire_limit: int
    dst_gap: DstGap
    dst_overlap: DstOverlap
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
    warnings: list[FieldError]


class JobChoice(Struct, kw_only=True):
    "The filters of the list of jobs, which must all fit; {} means all jobs."
    status: JobStatus | None | UnsetType = UNSET
    job_type: JobType | None | UnsetType = UNSET
    job_key: str | None | UnsetType = UNSET
    pool: str | None | UnsetType = UNSET
    last_status: list[LastStatus] | None | UnsetType = UNSET
    q: str | None | UnsetType = UNSET
    priority: int | None | UnsetType = UNSET
    created_after: datetime | None | UnsetType = UNSET
    created_before: datetime | None | UnsetType = UNSET
    label: dict[str, str] | None | UnsetType = UNSET
    set: str | None | UnsetType = UNSET


class JobItem(Struct, kw_only=True):
    "A job in a list: the members that `fields` names, by default all but `payload`."
    job_id: int | UnsetType = UNSET
    user_id: int | UnsetType = UNSET
    team_id: int | None | UnsetType = UNSET
    job_key: str | None | UnsetType = UNSET
    job_name: str | UnsetType = UNSET
    job_type: JobType | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    schedule: str | None | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    next_run_time: datetime | None | UnsetType = UNSET
    last_run_time: datetime | None | UnsetType = UNSET
    payload: dict[str, Any] | None | UnsetType = UNSET
    status: JobStatus | UnsetType = UNSET
    retry_policy: RetryPolicy | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    timeout_seconds: int | UnsetType = UNSET
    overlap_policy: OverlapPolicy | UnsetType = UNSET
    misfire_policy: MisfirePolicy | UnsetType = UNSET
    misfire_grace_seconds: int | UnsetType = UNSET
    misfire_limit: int | UnsetType = UNSET
    dst_gap: DstGap | UnsetType = UNSET
    dst_overlap: DstOverlap | UnsetType = UNSET
    start_at: datetime | None | UnsetType = UNSET
    end_at: datetime | None | UnsetType = UNSET
    max_runs: int | None | UnsetType = UNSET
    jitter_seconds: int | UnsetType = UNSET
    labels: dict[str, str] | UnsetType = UNSET
    pool: str | UnsetType = UNSET
    shadow: bool | UnsetType = UNSET
    version: int | UnsetType = UNSET
    runs_planned: int | UnsetType = UNSET
    created_at: datetime | UnsetType = UNSET
    updated_at: datetime | UnsetType = UNSET
    deleted_at: datetime | None | UnsetType = UNSET
    paused: Pause | None | UnsetType = UNSET
    set: str | None | UnsetType = UNSET
    last_status: ExecutionStatus | None | UnsetType = UNSET
    retry_delays: str | UnsetType = UNSET


class JobList(Struct, kw_only=True):
    "A page of jobs. It may hold fewer than `limit` and still have a next one."
    items: list[JobItem]
    next_cursor: str | None


class JobPatch(Struct, kw_only=True):
    "The members to change. Members left out stay as they are, null takes the default."
    job_key: str | None | UnsetType = UNSET
    job_name: str | UnsetType = UNSET
    job_type: JobType | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    schedule: str | UnsetType = UNSET
    timezone: str | None | UnsetType = UNSET
    payload: dict[str, Any] | UnsetType = UNSET
    retry_policy: NewRetryPolicy | None | UnsetType = UNSET
    priority: int | None | UnsetType = UNSET
    timeout_seconds: int | None | UnsetType = UNSET
    overlap_policy: OverlapPolicy | None | UnsetType = UNSET
    misfire_policy: MisfirePolicy | None | UnsetType = UNSET
    misfire_grace_seconds: int | None | UnsetType = UNSET
    misfire_limit: int | None | UnsetType = UNSET
    dst_gap: DstGap | None | UnsetType = UNSET
    dst_overlap: DstOverlap | None | UnsetType = UNSET
    start_at: datetime | None | UnsetType = UNSET
    end_at: datetime | None | UnsetType = UNSET
    max_runs: int | None | UnsetType = UNSET
    jitter_seconds: int | None | UnsetType = UNSET
    labels: dict[str, str] | None | UnsetType = UNSET
    pool: str | None | UnsetType = UNSET
    shadow: bool | None | UnsetType = UNSET
    job_id: Any | UnsetType = UNSET
    user_id: Any | UnsetType = UNSET
    team_id: Any | UnsetType = UNSET
    next_run_time: Any | UnsetType = UNSET
    last_run_time: Any | UnsetType = UNSET
    status: Any | UnsetType = UNSET
    version: Any | UnsetType = UNSET
    runs_planned: Any | UnsetType = UNSET
    created_at: Any | UnsetType = UNSET
    updated_at: Any | UnsetType = UNSET
    deleted_at: Any | UnsetType = UNSET
    paused: Any | UnsetType = UNSET
    set: Any | UnsetType = UNSET
    last_status: Any | UnsetType = UNSET
    retry_delays: Any | UnsetType = UNSET
    warnings: Any | UnsetType = UNSET


class JobVersion(Struct, kw_only=True):
    "A definition that a job had, and who made it; null: before this was written down."
    version: int
    changed_at: datetime
    user_id: int | None
    key_id: int | None
    key_name: str | None
    definition: dict[str, Any]
    changes: list[Difference] | None


class JobVersionList(Struct, kw_only=True):
    "A page of versions. It may hold fewer than `limit` and still have a next one."
    items: list[JobVersion]
    next_cursor: str | None


class KeyList(Struct, kw_only=True):
    "All keys of the team; for an admin without a team all keys."
    items: list[ApiKey]
    next_cursor: None


class LetterCount(Struct, kw_only=True):
    "The answer to a replay or discard: dead letters that were meant, and those that it was done to."
    matched: int
    done: int


class LetterFilter(Struct, kw_only=True):
    "`filter` in a body: the dead letters that are meant; an empty one means all."
    job_id: int | None | UnsetType = UNSET
    fingerprint: str | None | UnsetType = UNSET


class LetterRequest(Struct, kw_only=True):
    "The body of a replay or discard. `rate`: replayed runs a second."
    execution_ids: list[int] | None | UnsetType = UNSET
    filter: LetterFilter | None | UnsetType = UNSET
    dry_run: bool | UnsetType = UNSET
    rate: float | None | UnsetType = UNSET


class NewHttpRequestJob(Struct, kw_only=True, tag_field="job_type", tag="http_request"):
    "A job of the type http_request."
    job_key: str | None | UnsetType = UNSET
    job_name: str
    description: str | None | UnsetType = UNSET
    schedule: str
    timezone: str | UnsetType = UNSET
    payload: HttpRequest
    retry_policy: NewRetryPolicy | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    timeout_seconds: int | UnsetType = UNSET
    overlap_policy: OverlapPolicy | UnsetType = UNSET
    misfire_policy: MisfirePolicy | UnsetType = UNSET
    misfire_grace_seconds: int | UnsetType = UNSET
    misfire_limit: int | UnsetType = UNSET
    dst_gap: DstGap | UnsetType = UNSET
    dst_overlap: DstOverlap | UnsetType = UNSET
    start_at: datetime | None | UnsetType = UNSET
    end_at: datetime | None | UnsetType = UNSET
    max_runs: int | None | UnsetType = UNSET
    jitter_seconds: int | UnsetType = UNSET
    labels: dict[str, str] | UnsetType = UNSET
    pool: str | UnsetType = UNSET
    shadow: bool | UnsetType = UNSET


class NewKey(Struct, kw_only=True):
    "The body of a creation. User and team are by default those of the caller's key. `create_team`: make the team if it does not exist."
    name: str
    role: Role
    user_id: int | None | UnsetType = UNSET
    team_id: int | None | UnsetType = UNSET
    create_team: bool | UnsetType = UNSET
    expires_at: datetime | None | UnsetType = UNSET


class NewRetryPolicy(Struct, kw_only=True):
    "RetryPolicy from a caller: unlike in a row written by hand, an unknown member is an error."
    max_retries: int | UnsetType = UNSET
    backoff_factor: float | UnsetType = UNSET
    delay_seconds: float | None | UnsetType = UNSET
    max_backoff: float | UnsetType = UNSET
    jitter: float | UnsetType = UNSET
    max_age: float | None | UnsetType = UNSET
    retry_on: list[int | str] | None | UnsetType = UNSET


class NewScriptJob(Struct, kw_only=True, tag_field="job_type", tag="script"):
    "A job of the type script."
    job_key: str | None | UnsetType = UNSET
    job_name: str
    description: str | None | UnsetType = UNSET
    schedule: str
    timezone: str | UnsetType = UNSET
    payload: Script
    retry_policy: NewRetryPolicy | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    timeout_seconds: int | UnsetType = UNSET
    overlap_policy: OverlapPolicy | UnsetType = UNSET
    misfire_policy: MisfirePolicy | UnsetType = UNSET
    misfire_grace_seconds: int | UnsetType = UNSET
    misfire_limit: int | UnsetType = UNSET
    dst_gap: DstGap | UnsetType = UNSET
    dst_overlap: DstOverlap | UnsetType = UNSET
    start_at: datetime | None | UnsetType = UNSET
    end_at: datetime | None | UnsetType = UNSET
    max_runs: int | None | UnsetType = UNSET
    jitter_seconds: int | UnsetType = UNSET
    labels: dict[str, str] | UnsetType = UNSET
    pool: str | UnsetType = UNSET
    shadow: bool | UnsetType = UNSET


class NewSqlQueryJob(Struct, kw_only=True, tag_field="job_type", tag="sql_query"):
    "A job of the type sql_query."
    job_key: str | None | UnsetType = UNSET
    job_name: str
    description: str | None | UnsetType = UNSET
    schedule: str
    timezone: str | UnsetType = UNSET
    payload: SqlQuery
    retry_policy: NewRetryPolicy | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    timeout_seconds: int | UnsetType = UNSET
    overlap_policy: OverlapPolicy | UnsetType = UNSET
    misfire_policy: MisfirePolicy | UnsetType = UNSET
    misfire_grace_seconds: int | UnsetType = UNSET
    misfire_limit: int | UnsetType = UNSET
    dst_gap: DstGap | UnsetType = UNSET
    dst_overlap: DstOverlap | UnsetType = UNSET
    start_at: datetime | None | UnsetType = UNSET
    end_at: datetime | None | UnsetType = UNSET
    max_runs: int | None | UnsetType = UNSET
    jitter_seconds: int | UnsetType = UNSET
    labels: dict[str, str] | UnsetType = UNSET
    pool: str | UnsetType = UNSET
    shadow: bool | UnsetType = UNSET


class Operation(Struct, kw_only=True):
    "A bulk change of more jobs than one transaction takes, done in chunks."
    operation_id: int
    user_id: int
    team_id: int | None
    key_id: int
    action: str
    set: str | None
    status: Status
    reason: str | None
    matched: int
    done: int
    failed: int
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


class OperationList(Struct, kw_only=True):
    "A page of operations."
    items: list[Operation]
    next_cursor: str | None


class OperationWithResults(Struct, kw_only=True):
    "An operation, with a page of the rows that are done or failed."
    operation_id: int
    user_id: int
    team_id: int | None
    key_id: int
    action: str
    set: str | None
    status: Status
    reason: str | None
    matched: int
    done: int
    failed: int
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    results: list[BulkItem]
    next_cursor: str | None


class Pause(Struct, kw_only=True):
    "A pause that lasts: who made it, why and until when. `pause_id` tells it from other pauses of the same job."
    pause_id: int
    user_id: int
    key_id: int | None
    key_name: str | None
    paused_at: datetime
    reason: str | None
    until: datetime | None


class PauseRequest(Struct, kw_only=True):
    "`until`: the job is resumed by itself then."
    reason: str | None | UnsetType = UNSET
    until: datetime | None | UnsetType = UNSET


class Preview(Struct, kw_only=True):
    "The next ticks of a schedule, and the schedule in words."
    fire_times: list[FireTime]
    description: str


class PreviewRequest(Struct, kw_only=True):
    "`after` (now by default) is the time at which the job would be created; `count`: ticks wanted."
    schedule: str
    timezone: str | UnsetType = UNSET
    dst_gap: DstGap | UnsetType = UNSET
    dst_overlap: DstOverlap | UnsetType = UNSET
    start_at: datetime | None | UnsetType = UNSET
    end_at: datetime | None | UnsetType = UNSET
    max_runs: int | None | UnsetType = UNSET
    jitter_seconds: int | UnsetType = UNSET
    misfire_grace_seconds: int | UnsetType = UNSET
    job_name: str | UnsetType = UNSET
    count: int | UnsetType = UNSET
    after: datetime | None | UnsetType = UNSET


class Problem(Struct, kw_only=True):
    "An error. `type` is where the reference explains its `code`; `errors` names every wrong field."
    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldError]


class RetryPolicy(Struct, kw_only=True):
    "The members of a retry policy that are in force: either backoff_factor or delay_seconds is."
    max_retries: int
    backoff_factor: float | UnsetType = UNSET
    delay_seconds: float | UnsetType = UNSET
    max_backoff: float
    jitter: float
    max_age: float | None
    retry_on: list[int | str] | None


class RollbackRequest(Struct, kw_only=True):
    "The body of a rollback: the version whose definition is wanted again."
    version: int


class RowError(Struct, kw_only=True):
    "The error of one row: what the same request for this job alone is answered."
    status: int
    code: str
    detail: str
    errors: list[FieldError]


class RunOverride(Struct, kw_only=True):
    "The fields of the definition that one run may have otherwise."
    payload: dict[str, Any] | None | UnsetType = UNSET
    overlap_policy: OverlapPolicy | None | UnsetType = UNSET


class Scheduler(Struct, kw_only=True):
    "A living scheduler. `role`: leader or standby. `term` and `since`: of the term that it leads."
    scheduler_id: str
    role: str
    term: int | None
    since: datetime
    last_heartbeat: datetime


class SchedulerList(Struct, kw_only=True):
    "The schedulers with a heartbeat in the last 30 s."
    items: list[Scheduler]
    next_cursor: None


class Script(Struct, kw_only=True):
    "The program to run."
    script: str
    interpreter: str | None | UnsetType = UNSET
    args: list[str] | UnsetType = UNSET
    env: dict[str, str] | UnsetType = UNSET


class ScriptJob(Struct, kw_only=True, tag_field="job_type", tag="script"):
    "A job of the type script."
    job_id: int
    user_id: int
    team_id: int | None
    job_key: str | None
    job_name: str
    description: str | None
    schedule: str | None
    timezone: str
    next_run_time: datetime | None
    last_run_time: datetime | None
    payload: Script
    status: JobStatus
    retry_policy: RetryPolicy
    priority: int
    timeout_seconds: int
    overlap_policy: OverlapPolicy
    misfire_policy: MisfirePolicy
    misfire_grace_seconds: int
    misfire_limit: int
    dst_gap: DstGap
    dst_overlap: DstOverlap
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
    warnings: list[FieldError]


class SqlQuery(Struct, kw_only=True):
    "The statement to run."
    datasource: str
    query: str
    params: list[Any] | UnsetType = UNSET


class SqlQueryJob(Struct, kw_only=True, tag_field="job_type", tag="sql_query"):
    "A job of the type sql_query."
    job_id: int
    user_id: int
    team_id: int | None
    job_key: str | None
    job_name: str
    description: str | None
    schedule: str | None
    timezone: str
    next_run_time: datetime | None
    last_run_time: datetime | None
    payload: SqlQuery
    status: JobStatus
    retry_policy: RetryPolicy
    priority: int
    timeout_seconds: int
    overlap_policy: OverlapPolicy
    misfire_policy: MisfirePolicy
    misfire_grace_seconds: int
    misfire_limit: int
    dst_gap: DstGap
    dst_overlap: DstOverlap
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
    warnings: list[FieldError]


class StoredOutput(Struct, kw_only=True):
    "The output of an attempt from `offset` on. An attempt that has not ended has none yet."
    execution_id: int
    status: ExecutionStatus
    logs: str
    offset: int
    next_offset: int
    complete: bool


class Timeline(Struct, kw_only=True):
    "Ticks in order. `next_from`, or `next_to` where the newest come first: the next part begins there; null: this is the last."
    items: list[TimelineTick]
    next_from: datetime | None | UnsetType = UNSET
    next_to: datetime | None | UnsetType = UNSET


class TimelineTick(Struct, kw_only=True):
    "One tick of a timeline. `outcome`: the status of its last attempt, SKIPPED, or an Unrecorded. `expected`: the definition of that time has this tick. `lateness_ms`: from available to the first start."
    scheduled_time: datetime
    local: str
    outcome: str
    expected: bool
    reason: str | None
    execution_id: int | None
    attempts: int
    lateness_ms: int | None
    job_version: int | None


class Worker(Struct, kw_only=True):
    "A living worker as the API shows it. `datasources`: null if it is of a release that does not say."
    worker_id: str
    pools: list[str]
    datasources: list[str] | None
    slots: int
    running: int
    last_heartbeat: datetime
    started_at: datetime


class WorkerList(Struct, kw_only=True):
    "The workers with a heartbeat in the last 30 s."
    items: list[Worker]
    next_cursor: None


Job = HttpRequestJob | ScriptJob | SqlQueryJob
NewJob = NewHttpRequestJob | NewScriptJob | NewSqlQueryJob
