"""The operations of the API: each gives a Request, which a transport sends.

Written by `make openapi` from the description: do not edit. Where a body is asked for, its JSON as a mapping does too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from foliot.client.request import Request, segment

if TYPE_CHECKING:
    from foliot.client import types


def create_job(
    body: types.NewJob | Mapping[str, Any],
) -> Request[types.Job]:
    "Create a job."
    return Request(
        method="POST", path="/v1/jobs", answer="Job",
        query={}, headers={}, keyed=True, repeatable=True, body=body,
    )


def list_jobs(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    status: str | None = None,
    job_type: str | None = None,
    job_key: str | None = None,
    pool: str | None = None,
    last_status: Sequence[str] | None = None,
    q: str | None = None,
    priority: int | None = None,
    created_after: datetime | str | None = None,
    created_before: datetime | str | None = None,
    label: Sequence[str] | Mapping[str, str] | None = None,
    set: str | None = None,
    fields: Sequence[str] | None = None,
    sort: str | None = None,
) -> Request[types.JobList]:
    "List jobs, newest first unless sorted otherwise."
    return Request(
        method="GET", path="/v1/jobs", answer="JobList",
        query={"limit": limit, "cursor": cursor, "status": status, "job_type": job_type, "job_key": job_key, "pool": pool, "last_status": last_status, "q": q, "priority": priority, "created_after": created_after, "created_before": created_before, "label": label, "set": set, "fields": fields, "sort": sort}, headers={}, keyed=False, repeatable=True,
    )


def get_job(
    job_id: int,
) -> Request[types.Job]:
    "Read a job."
    return Request(
        method="GET", path=f"/v1/jobs/{segment(job_id)}", answer="Job",
        query={}, headers={}, keyed=False, repeatable=True,
    )


def edit_job(
    job_id: int,
    body: types.JobPatch | Mapping[str, Any],
    *,
    if_match: str | None = None,
) -> Request[types.Job]:
    "Edit a job by a JSON merge patch."
    return Request(
        method="PATCH", path=f"/v1/jobs/{segment(job_id)}", answer="Job",
        query={}, headers={"If-Match": if_match}, keyed=True, repeatable=True, body=body,
    )


def delete_job(
    job_id: int,
    *,
    if_match: str | None = None,
) -> Request[None]:
    "Delete a job."
    return Request(
        method="DELETE", path=f"/v1/jobs/{segment(job_id)}", answer=None,
        query={}, headers={"If-Match": if_match}, keyed=True, repeatable=True,
    )


def pause_job(
    job_id: int,
    body: types.PauseRequest | Mapping[str, Any] | None = None,
) -> Request[types.Job]:
    "Pause a job."
    return Request(
        method="POST", path=f"/v1/jobs/{segment(job_id)}/pause", answer="Job",
        query={}, headers={}, keyed=True, repeatable=True, body=body,
    )


def resume_job(
    job_id: int,
) -> Request[types.Job]:
    "Resume a paused job at its next tick."
    return Request(
        method="POST", path=f"/v1/jobs/{segment(job_id)}/resume", answer="Job",
        query={}, headers={}, keyed=True, repeatable=True,
    )


def cancel_job(
    job_id: int,
) -> Request[types.Job]:
    "Cancel a job for good."
    return Request(
        method="POST", path=f"/v1/jobs/{segment(job_id)}/cancel", answer="Job",
        query={}, headers={}, keyed=True, repeatable=True,
    )


def run_job(
    job_id: int,
    body: types.RunOverride | Mapping[str, Any] | None = None,
    *,
    wait: int | None = None,
) -> Request[types.Execution]:
    "Run a job now, beside its schedule."
    return Request(
        method="POST", path=f"/v1/jobs/{segment(job_id)}/run", answer="Execution",
        query={"wait": wait}, headers={}, keyed=True, repeatable=True, body=body,
    )


def list_executions_of_job(
    job_id: int,
    *,
    limit: int | None = None,
    cursor: str | None = None,
) -> Request[types.ExecutionList]:
    "List the attempts of a job, newest first."
    return Request(
        method="GET", path=f"/v1/jobs/{segment(job_id)}/executions", answer="ExecutionList",
        query={"limit": limit, "cursor": cursor}, headers={}, keyed=False, repeatable=True,
    )


def get_timeline(
    job_id: int,
    *,
    from_: datetime | str | None = None,
    to: datetime | str | None = None,
    order: str | None = None,
    outcome: Sequence[str] | None = None,
) -> Request[types.Timeline]:
    "Every expected tick of a range, and its outcome."
    return Request(
        method="GET", path=f"/v1/jobs/{segment(job_id)}/timeline", answer="Timeline",
        query={"from": from_, "to": to, "order": order, "outcome": outcome}, headers={}, keyed=False, repeatable=True,
    )


def put_job_by_key(
    job_key: str,
    body: types.NewJob | Mapping[str, Any],
    *,
    if_match: str | None = None,
    if_none_match: str | None = None,
) -> Request[types.Job]:
    "Create the job with a key, or replace its definition."
    return Request(
        method="PUT", path=f"/v1/jobs/by-key/{segment(job_key)}", answer="Job",
        query={}, headers={"If-Match": if_match, "If-None-Match": if_none_match}, keyed=True, repeatable=True, body=body,
    )


def get_job_by_key(
    job_key: str,
) -> Request[types.Job]:
    "Read a job (by job_key)."
    return Request(
        method="GET", path=f"/v1/jobs/by-key/{segment(job_key)}", answer="Job",
        query={}, headers={}, keyed=False, repeatable=True,
    )


def edit_job_by_key(
    job_key: str,
    body: types.JobPatch | Mapping[str, Any],
    *,
    if_match: str | None = None,
) -> Request[types.Job]:
    "Edit a job by a JSON merge patch (by job_key)."
    return Request(
        method="PATCH", path=f"/v1/jobs/by-key/{segment(job_key)}", answer="Job",
        query={}, headers={"If-Match": if_match}, keyed=True, repeatable=True, body=body,
    )


def delete_job_by_key(
    job_key: str,
    *,
    if_match: str | None = None,
) -> Request[None]:
    "Delete a job (by job_key)."
    return Request(
        method="DELETE", path=f"/v1/jobs/by-key/{segment(job_key)}", answer=None,
        query={}, headers={"If-Match": if_match}, keyed=True, repeatable=True,
    )


def list_versions(
    job_id: int,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    version: int | None = None,
    against: int | None = None,
) -> Request[types.JobVersionList]:
    "List the versions of a job, newest first, each with what it changed."
    return Request(
        method="GET", path=f"/v1/jobs/{segment(job_id)}/versions", answer="JobVersionList",
        query={"limit": limit, "cursor": cursor, "version": version, "against": against}, headers={}, keyed=False, repeatable=True,
    )


def rollback_job(
    job_id: int,
    body: types.RollbackRequest | Mapping[str, Any],
    *,
    if_match: str | None = None,
) -> Request[types.Job]:
    "Give a job the definition of a former version again."
    return Request(
        method="POST", path=f"/v1/jobs/{segment(job_id)}/rollback", answer="Job",
        query={}, headers={"If-Match": if_match}, keyed=True, repeatable=True, body=body,
    )


def restore_job(
    job_id: int,
) -> Request[types.Job]:
    "Restore a job that was deleted in the last 30 days."
    return Request(
        method="POST", path=f"/v1/jobs/{segment(job_id)}/restore", answer="Job",
        query={}, headers={}, keyed=True, repeatable=True,
    )


def bulk_jobs(
    body: Any,
) -> Request[types.BulkResult | types.Operation]:
    "Change many jobs, create many, or make a set equal to a list."
    return Request(
        method="POST", path="/v1/jobs/bulk", answer="BulkResult",
        others={202: 'Operation'},
        query={}, headers={}, keyed=True, repeatable=True, body=body,
    )


def list_operations(
    *,
    limit: int | None = None,
    cursor: str | None = None,
) -> Request[types.OperationList]:
    "List the bulk changes of many jobs, newest first."
    return Request(
        method="GET", path="/v1/operations", answer="OperationList",
        query={"limit": limit, "cursor": cursor}, headers={}, keyed=False, repeatable=True,
    )


def get_operation(
    operation_id: int,
    *,
    limit: int | None = None,
    cursor: str | None = None,
) -> Request[types.OperationWithResults]:
    "Read the progress of a bulk change, and the results of its rows."
    return Request(
        method="GET", path=f"/v1/operations/{segment(operation_id)}", answer="OperationWithResults",
        query={"limit": limit, "cursor": cursor}, headers={}, keyed=False, repeatable=True,
    )


def cancel_operation(
    operation_id: int,
) -> Request[types.Operation]:
    "Stop a bulk change."
    return Request(
        method="POST", path=f"/v1/operations/{segment(operation_id)}/cancel", answer="Operation",
        query={}, headers={}, keyed=True, repeatable=True,
    )


def list_executions(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    status: Sequence[str] | None = None,
    job_id: int | None = None,
    label: Sequence[str] | Mapping[str, str] | None = None,
    worker_id: str | None = None,
    from_: datetime | str | None = None,
    to: datetime | str | None = None,
) -> Request[types.ExecutionList]:
    "List the attempts of all jobs, newest first."
    return Request(
        method="GET", path="/v1/executions", answer="ExecutionList",
        query={"limit": limit, "cursor": cursor, "status": status, "job_id": job_id, "label": label, "worker_id": worker_id, "from": from_, "to": to}, headers={}, keyed=False, repeatable=True,
    )


def get_execution(
    execution_id: int,
    *,
    wait: int | None = None,
) -> Request[types.ExecutionWithLogs]:
    "Read an attempt, with its payload and output."
    return Request(
        method="GET", path=f"/v1/executions/{segment(execution_id)}", answer="ExecutionWithLogs",
        query={"wait": wait}, headers={}, keyed=False, repeatable=True,
    )


def get_execution_logs(
    execution_id: int,
    *,
    offset: int | None = None,
    raw: str | None = None,
) -> Request[types.StoredOutput]:
    "Read the stored output of an attempt from a byte on."
    return Request(
        method="GET", path=f"/v1/executions/{segment(execution_id)}/logs", answer="StoredOutput",
        query={"offset": offset, "raw": raw}, headers={}, keyed=False, repeatable=True,
    )


def cancel_execution(
    execution_id: int,
) -> Request[types.Execution]:
    "Cancel an attempt."
    return Request(
        method="POST", path=f"/v1/executions/{segment(execution_id)}/cancel", answer="Execution",
        query={}, headers={}, keyed=True, repeatable=True,
    )


def list_dead_letters(
    *,
    limit: int | None = None,
    cursor: str | None = None,
) -> Request[types.DeadLetterList]:
    "List the runs that were given up and are open, newest first."
    return Request(
        method="GET", path="/v1/dead-letters", answer="DeadLetterList",
        query={"limit": limit, "cursor": cursor}, headers={}, keyed=False, repeatable=True,
    )


def discard_dead_letters(
    body: types.LetterRequest | Mapping[str, Any],
) -> Request[types.LetterCount]:
    "Discard dead letters without another attempt."
    return Request(
        method="DELETE", path="/v1/dead-letters", answer="LetterCount",
        query={}, headers={}, keyed=True, repeatable=True, body=body,
    )


def replay_dead_letters(
    body: types.LetterRequest | Mapping[str, Any],
) -> Request[types.LetterCount]:
    "Run dead letters again, one more attempt each."
    return Request(
        method="POST", path="/v1/dead-letters/replay", answer="LetterCount",
        query={}, headers={}, keyed=True, repeatable=True, body=body,
    )


def preview_schedule(
    body: types.PreviewRequest | Mapping[str, Any],
) -> Request[types.Preview]:
    "The next ticks of a schedule, before it is saved."
    return Request(
        method="POST", path="/v1/schedules/preview", answer="Preview",
        query={}, headers={}, keyed=False, repeatable=True, body=body,
    )


def list_workers(
) -> Request[types.WorkerList]:
    "List the living workers."
    return Request(
        method="GET", path="/v1/workers", answer="WorkerList",
        query={}, headers={}, keyed=False, repeatable=True,
    )


def list_schedulers(
) -> Request[types.SchedulerList]:
    "List the living schedulers, and which one leads."
    return Request(
        method="GET", path="/v1/schedulers", answer="SchedulerList",
        query={}, headers={}, keyed=False, repeatable=True,
    )


def list_keys(
) -> Request[types.KeyList]:
    "List the keys of the team; for an admin without a team all keys."
    return Request(
        method="GET", path="/v1/api-keys", answer="KeyList",
        query={}, headers={}, keyed=False, repeatable=True,
    )


def create_key(
    body: types.NewKey | Mapping[str, Any],
) -> Request[types.ApiKeyWithSecret]:
    "Make a key."
    return Request(
        method="POST", path="/v1/api-keys", answer="ApiKeyWithSecret",
        query={}, headers={}, keyed=True, repeatable=True, body=body,
    )


def revoke_key(
    key_id: int,
    *,
    force: bool | None = None,
) -> Request[types.ApiKey]:
    "Revoke a key."
    return Request(
        method="DELETE", path=f"/v1/api-keys/{segment(key_id)}", answer="ApiKey",
        query={"force": force}, headers={}, keyed=True, repeatable=True,
    )


def list_audit_logs(
    *,
    limit: int | None = None,
    cursor: str | None = None,
) -> Request[types.AuditLogList]:
    "List every change and who made it, newest first."
    return Request(
        method="GET", path="/v1/audit-logs", answer="AuditLogList",
        query={"limit": limit, "cursor": cursor}, headers={}, keyed=False, repeatable=True,
    )


def pause_job_by_key(
    job_key: str,
    body: types.PauseRequest | Mapping[str, Any] | None = None,
) -> Request[types.Job]:
    "Pause a job (by job_key)."
    return Request(
        method="POST", path=f"/v1/jobs/by-key/{segment(job_key)}/pause", answer="Job",
        query={}, headers={}, keyed=True, repeatable=True, body=body,
    )


def resume_job_by_key(
    job_key: str,
) -> Request[types.Job]:
    "Resume a paused job at its next tick (by job_key)."
    return Request(
        method="POST", path=f"/v1/jobs/by-key/{segment(job_key)}/resume", answer="Job",
        query={}, headers={}, keyed=True, repeatable=True,
    )


def cancel_job_by_key(
    job_key: str,
) -> Request[types.Job]:
    "Cancel a job for good (by job_key)."
    return Request(
        method="POST", path=f"/v1/jobs/by-key/{segment(job_key)}/cancel", answer="Job",
        query={}, headers={}, keyed=True, repeatable=True,
    )


def run_job_by_key(
    job_key: str,
    body: types.RunOverride | Mapping[str, Any] | None = None,
    *,
    wait: int | None = None,
) -> Request[types.Execution]:
    "Run a job now, beside its schedule (by job_key)."
    return Request(
        method="POST", path=f"/v1/jobs/by-key/{segment(job_key)}/run", answer="Execution",
        query={"wait": wait}, headers={}, keyed=True, repeatable=True, body=body,
    )


def list_executions_of_job_by_key(
    job_key: str,
    *,
    limit: int | None = None,
    cursor: str | None = None,
) -> Request[types.ExecutionList]:
    "List the attempts of a job, newest first (by job_key)."
    return Request(
        method="GET", path=f"/v1/jobs/by-key/{segment(job_key)}/executions", answer="ExecutionList",
        query={"limit": limit, "cursor": cursor}, headers={}, keyed=False, repeatable=True,
    )


def get_timeline_by_key(
    job_key: str,
    *,
    from_: datetime | str | None = None,
    to: datetime | str | None = None,
    order: str | None = None,
    outcome: Sequence[str] | None = None,
) -> Request[types.Timeline]:
    "Every expected tick of a range, and its outcome (by job_key)."
    return Request(
        method="GET", path=f"/v1/jobs/by-key/{segment(job_key)}/timeline", answer="Timeline",
        query={"from": from_, "to": to, "order": order, "outcome": outcome}, headers={}, keyed=False, repeatable=True,
    )


def list_versions_by_key(
    job_key: str,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    version: int | None = None,
    against: int | None = None,
) -> Request[types.JobVersionList]:
    "List the versions of a job, newest first, each with what it changed (by job_key)."
    return Request(
        method="GET", path=f"/v1/jobs/by-key/{segment(job_key)}/versions", answer="JobVersionList",
        query={"limit": limit, "cursor": cursor, "version": version, "against": against}, headers={}, keyed=False, repeatable=True,
    )


def rollback_job_by_key(
    job_key: str,
    body: types.RollbackRequest | Mapping[str, Any],
    *,
    if_match: str | None = None,
) -> Request[types.Job]:
    "Give a job the definition of a former version again (by job_key)."
    return Request(
        method="POST", path=f"/v1/jobs/by-key/{segment(job_key)}/rollback", answer="Job",
        query={}, headers={"If-Match": if_match}, keyed=True, repeatable=True, body=body,
    )


def restore_job_by_key(
    job_key: str,
) -> Request[types.Job]:
    "Restore a job that was deleted in the last 30 days (by job_key)."
    return Request(
        method="POST", path=f"/v1/jobs/by-key/{segment(job_key)}/restore", answer="Job",
        query={}, headers={}, keyed=True, repeatable=True,
    )
