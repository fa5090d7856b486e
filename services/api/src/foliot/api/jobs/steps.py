"""What may be done to a job: the steps of the contract, each inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec

from foliot.api.jobs.definition import Definition, decode
from foliot.api.jobs.rearming import (
    TIMETABLE_FIELDS,
    drop_due,
    fires_once,
    is_spent,
    rearm,
)
from foliot.api.web.changes import Change
from foliot.common.clock import rfc3339
from foliot.common.errors import Conflict, FieldError, Invalid, NotFound, PreconditionFailed
from foliot.common.ledger.conclude import end_runs
from foliot.common.ledger.job import DEFINITION_FIELDS, HIDDEN_JOB_FIELDS, Job
from foliot.common.model.execution import Execution
from foliot.common.model.policies import OverlapPolicy, SkipReason
from foliot.common.model.states import JOB_STEPS, JobStatus
from foliot.common.schedules.of_job import timetable_of

_definition = attrgetter(*DEFINITION_FIELDS)


def view(job: Job) -> dict[str, Any]:
    """The job as the API shows it."""
    return {name: getattr(job, name) for name in job.__struct_fields__ if name not in HIDDEN_JOB_FIELDS}


def etag(version: int) -> str:
    return f'"{version}"'


def definition_of(job: Job | Definition) -> dict[str, Any]:
    """As it is answered, audited and kept as a version."""
    if isinstance(job, Definition):
        values = msgspec.structs.asdict(job)
    else:
        values = dict(zip(DEFINITION_FIELDS, _definition(job), strict=True))
    for name in ("start_at", "end_at"):
        if values[name] is not None:
            values[name] = rfc3339(values[name])
    return values


def _versioned(job: Job) -> dict[str, Any]:
    """What the timeline needs to tell which ticks were expected."""
    return definition_of(job) | {"schedule_since": rfc3339(job.schedule_since)}


async def locked(change: Change, job_id: int) -> tuple[Job, datetime]:
    """The job, locked, and the database's clock after the lock."""
    found = await change.unit.definitions.lock_job(job_id, change.principal.scope)
    if found is None:
        raise NotFound(f"there is no job {job_id}")
    return found


async def seen(change: Change, job_id: int) -> Job:
    """The job with its derived status, after a change."""
    job = await change.unit.jobs.select_job(job_id, change.principal.scope)
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    return job


def _allow(job: Job, step: str) -> None:
    if JobStatus(job.status) not in JOB_STEPS[step]:
        raise Conflict("state", f"job {job.job_id} is {job.status}: {step} is not possible")


def check_match(job: Job, if_match: str | None) -> None:
    if if_match is not None and if_match.strip() not in ("*", etag(job.version)):
        raise PreconditionFailed(f"job {job.job_id} has version {job.version} now: read it again")


async def edit(change: Change, job_id: int, patch: dict[str, Any], if_match: str | None) -> Job:
    """A JSON merge patch of the definition; fires no past tick and no tick twice."""
    job, now = await locked(change, job_id)
    check_match(job, if_match)
    _allow(job, "edit")
    definition = decode(_merged(job, patch))
    changed = {name for name in DEFINITION_FIELDS if getattr(definition, name) != getattr(job, name)}
    if not changed:
        return await seen(change, job_id)
    edited = msgspec.structs.replace(job, **msgspec.structs.asdict(definition), version=job.version + 1, updated_at=now)
    if "schedule" in changed:
        edited = msgspec.structs.replace(
            edited, schedule_since=now, request_id=change.caller.request_id, traceparent=change.caller.traceparent
        )
    if changed & TIMETABLE_FIELDS:
        edited = await rearm(change.unit, job, edited, changed, now)
    await _store(change, job, edited, "UPDATE_JOB", now)
    return await seen(change, job_id)


def _merged(job: Job, patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7386; retry_policy is given whole, its members left out take the defaults."""
    if "job_key" in patch and patch["job_key"] != job.job_key:
        raise Invalid([FieldError("job_key", "cannot be changed: it is the job's identity")])
    merged: dict[str, Any] = merge_patch(definition_of(job), patch)
    if "retry_policy" in patch:
        merged["retry_policy"] = patch["retry_policy"] or {}
    return merged


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386: members of `patch` replace, null removes, objects are merged."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


async def _store(change: Change, old: Job, new: Job, action: str, now: datetime) -> None:
    """Write the locked job, its version history and its audit row; settle it if nothing follows any more."""
    version = _versioned(new) | {"previous_status": old.status}
    entry = change.entry(action, "JOB", new.job_id, old=_audited(old), new=_audited(new), team_id=new.team_id)
    await change.unit.definitions.store_changed(new, version, now, entry)
    if new.next_run_time is None and new.status in (JobStatus.PENDING, JobStatus.PAUSED) and new.deleted_at is None:
        await end_runs(change.unit, [new.job_id])


def _audited(job: Job) -> dict[str, Any]:
    return definition_of(job) | {"status": job.status}


async def pause(change: Change, job_id: int) -> Job:
    """No tick is planned until resume; runs that exist go on to their end. A single tick waits for resume."""
    job, now = await locked(change, job_id)
    _allow(job, "pause")
    times = timetable_of(job)
    tick = job.next_run_time
    if tick is not None and tick <= now and not fires_once(times):
        await drop_due(change.unit, job, now, SkipReason.PAUSED)
        tick = times.next_after(now)
    paused = msgspec.structs.replace(job, status=JobStatus.PAUSED.value, paused_run_time=tick, next_run_time=None)
    await _store(change, job, paused, "PAUSE_JOB", now)
    return await seen(change, job_id)


async def resume(change: Change, job_id: int) -> Job:
    """Next tick strictly after now; a single tick that passed and has no execution yet is left to the planner."""
    job, now = await locked(change, job_id)
    _allow(job, "resume")
    times = timetable_of(job)
    tick = job.paused_run_time if fires_once(times) else times.next_after(now)
    if is_spent(job):
        tick = None
    if tick is not None and await change.unit.runs.has_run(job_id, tick):
        tick = times.next_after(tick)
    resumed = msgspec.structs.replace(job, status=JobStatus.PENDING.value, next_run_time=tick, paused_run_time=None)
    await _store(change, job, resumed, "RESUME_JOB", now)
    return await seen(change, job_id)


async def cancel(change: Change, job_id: int) -> Job:
    """Final: no further tick, open executions are cancelled."""
    job, now = await locked(change, job_id)
    _allow(job, "cancel")
    await drop_due(change.unit, job, now, SkipReason.CANCELLED)
    cancelled = msgspec.structs.replace(job, status=JobStatus.CANCELLED.value, next_run_time=None, paused_run_time=None)
    await _store(change, job, cancelled, "CANCEL_JOB", now)
    await change.unit.endings.cancel_open(job_id)
    return await seen(change, job_id)


async def delete(change: Change, job_id: int, if_match: str | None) -> None:
    """As cancel, and hidden."""
    job, now = await locked(change, job_id)
    check_match(job, if_match)
    await drop_due(change.unit, job, now, SkipReason.CANCELLED)
    open_status = job.status in (JobStatus.PENDING, JobStatus.PAUSED)
    deleted = msgspec.structs.replace(
        job, status=JobStatus.CANCELLED.value if open_status else job.status, next_run_time=None,
        paused_run_time=None, deleted_at=now,
    )  # fmt: skip
    await change.unit.endings.cancel_open(job_id)
    await _store(change, job, deleted, "DELETE_JOB", now)


async def run(change: Change, job_id: int, override: dict[str, Any]) -> Execution:
    """A run now, beside the schedule; with an unfinished run the overlap policy decides."""
    job, _ = await locked(change, job_id)
    _allow(job, "run")
    unit = change.unit
    unfinished = await unit.runs.is_open(job_id)
    policy = override.get("overlap_policy", job.overlap_policy)
    if unfinished and policy == OverlapPolicy.SKIP:
        raise Conflict(
            "overlap", f"job {job_id} has an unfinished run: wait, or send overlap_policy allow or queue_one"
        )
    if unfinished and policy == OverlapPolicy.QUEUE_ONE and await unit.runs.is_waiting(job_id):
        raise Conflict("overlap", f"a run of job {job_id} waits already")
    if unfinished and policy == OverlapPolicy.CANCEL_RUNNING:
        await unit.endings.cancel_open(job_id)
    execution = await unit.runs.insert_run(
        job, override=override or None, request_id=change.caller.request_id, traceparent=change.caller.traceparent,
        waits=unfinished and policy != OverlapPolicy.ALLOW,
    )  # fmt: skip
    await unit.runs.note_open_run(job_id, execution.scheduled_time)
    if unfinished and policy == OverlapPolicy.CANCEL_RUNNING:
        await end_runs(unit, [job_id])
    await change.audit(
        "RUN_JOB",
        "JOB",
        job_id,
        new={"execution_id": execution.execution_id, **override},
        team_id=job.team_id,
    )
    await change.wake()
    return execution
