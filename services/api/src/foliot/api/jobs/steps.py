"""The steps of a job: edit, pause, resume, cancel and delete, each inside the caller's transaction.

Each locks the job, then looks: what another transaction did before the lock is seen by the statements after it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from foliot.api.jobs.definition import JobDefinition, decode, definition_of
from foliot.api.jobs.dropping import drop_due
from foliot.api.jobs.next_tick import after_edit, after_resume, at_pause, rearms, same_schedule
from foliot.api.queries.jobs import SeenJob
from foliot.api.web.etags import is_weak, matches
from foliot.api.web.merge_patch import merge_patch
from foliot.api.web.open_change import OpenChange
from foliot.common.clock import rfc3339
from foliot.common.errors import Conflict, FieldError, Invalid, NotFound, PreconditionFailed
from foliot.common.ledger.conclude import end_runs
from foliot.common.ledger.definitions import Change
from foliot.common.ledger.job import DEFINITION_FIELDS, Job
from foliot.common.model.policies import SkipReason
from foliot.common.model.retry import policy_from
from foliot.common.model.states import JOB_STEPS, JobStatus
from foliot.common.schedules.of_job import timetable_of


async def locked(change: OpenChange, job_id: int) -> tuple[Job, datetime]:
    """The job, locked, and the database's clock after the lock."""
    found = await change.unit.definitions.lock_visible([job_id], change.principal.scope)
    if not found:
        raise NotFound(f"there is no job {job_id}")
    return found[0]


def allow(job: Job, step: str) -> None:
    """Raises Conflict if the job's state forbids the step."""
    if JobStatus(job.status) not in JOB_STEPS[step]:
        raise Conflict("state", f"cannot {step} job {job.job_id}: it is {job.status}")


async def edit(change: OpenChange, job_id: int, patch: dict[str, Any], if_match: str | None) -> SeenJob:
    """Apply a JSON merge patch to the definition. It fires no past tick and no tick twice."""
    job, now = await locked(change, job_id)
    _check_match(job, if_match)
    allow(job, "edit")
    return await redefine(change, job, now, decode(_patched(job, patch)))


def changed_fields(job: Job, definition: JobDefinition) -> set[str]:
    """The fields in which the definition differs from the job's. Two texts of one retry policy do not differ."""
    changed = {name for name in DEFINITION_FIELDS if getattr(definition, name) != getattr(job, name)}
    if "retry_policy" in changed and policy_from(definition.retry_policy) == policy_from(job.retry_policy):
        changed.remove("retry_policy")
    return changed


async def redefine(
    change: OpenChange, job: Job, now: datetime, definition: JobDefinition, *, into: str | None = None
) -> SeenJob:
    """Give the locked job another definition. It fires no past tick and no tick twice; an equal one changes nothing,
    not even the version. `into`: the set that the job belongs to from now on; None: it stays in its own."""
    job_id, changed = job.job_id, changed_fields(job, definition)
    if not changed and into in (None, job.set):
        return await _shown(change, job_id)
    if "retry_policy" not in changed:
        definition = msgspec.structs.replace(definition, retry_policy=job.retry_policy)
    owned = msgspec.structs.replace(job, set=into or job.set)
    if not changed:
        await _store(change, job, owned, "UPDATE_JOB", now)
        return await _shown(change, job_id)
    edited = msgspec.structs.replace(
        owned, **msgspec.structs.asdict(definition), version=job.version + 1, updated_at=now
    )
    if "schedule" in changed and same_schedule(job, edited):
        changed.remove("schedule")  # another text for it: the phase stays
    if "schedule" in changed:
        edited = msgspec.structs.replace(
            edited, schedule_since=now, request_id=change.caller.request_id, traceparent=change.caller.traceparent
        )
    if rearms(job, changed):
        following = after_edit(job, edited, changed, now)
        if following.drops_due:
            await drop_due(change.unit, job, now, SkipReason.EDITED)
        edited = _armed(edited, following.tick)
    outcome = {}
    if job.status == JobStatus.COMPLETED != edited.status:  # its own status told it until now
        outcome = {job_id: (await _shown(change, job_id)).last_status or job.status}
    await _store(change, job, edited, "UPDATE_JOB", now)
    await change.unit.endings.note_outcomes(outcome)
    return await _shown(change, job_id)


async def pause(change: OpenChange, job_id: int) -> SeenJob:
    """No tick is planned until resume; runs that exist go on to their end."""
    job, now = await locked(change, job_id)
    allow(job, "pause")
    following = at_pause(job, now)
    if following.drops_due:
        await drop_due(change.unit, job, now, SkipReason.PAUSED)
    paused = _armed(msgspec.structs.replace(job, status=JobStatus.PAUSED), following.tick)
    await _store(change, job, paused, "PAUSE_JOB", now)
    return await _shown(change, job_id)


async def resume(change: OpenChange, job_id: int) -> SeenJob:
    """Armed again, at a tick that has no execution yet."""
    job, now = await locked(change, job_id)
    allow(job, "resume")
    tick = after_resume(job, now)
    if tick is not None and await change.unit.runs.has_run(job_id, tick):
        tick = timetable_of(job).next_after(tick)
    resumed = msgspec.structs.replace(job, status=JobStatus.PENDING, next_run_time=tick, paused_run_time=None)
    await _store(change, job, resumed, "RESUME_JOB", now)
    return await _shown(change, job_id)


async def cancel(change: OpenChange, job_id: int) -> SeenJob:
    """Final: no further tick, open executions are cancelled."""
    job, now = await locked(change, job_id)
    allow(job, "cancel")
    await drop_due(change.unit, job, now, SkipReason.CANCELLED)
    cancelled = msgspec.structs.replace(job, status=JobStatus.CANCELLED, next_run_time=None, paused_run_time=None)
    await _store(change, job, cancelled, "CANCEL_JOB", now)
    await change.unit.endings.note_outcomes(await change.unit.endings.cancel_open([job_id]))
    return await _shown(change, job_id)


async def delete(change: OpenChange, job_id: int, if_match: str | None) -> None:
    """As cancel, and hidden. A job that came to its end keeps its outcome."""
    job, now = await locked(change, job_id)
    _check_match(job, if_match)
    await drop_due(change.unit, job, now, SkipReason.CANCELLED)
    unended = job.status in (JobStatus.PENDING, JobStatus.PAUSED)
    deleted = msgspec.structs.replace(
        job, status=JobStatus.CANCELLED if unended else job.status, next_run_time=None, paused_run_time=None,
        deleted_at=now,
    )  # fmt: skip
    outcomes = await change.unit.endings.cancel_open([job_id])
    await _store(change, job, deleted, "DELETE_JOB", now)
    await change.unit.endings.note_outcomes(outcomes)


def _check_match(job: Job, if_match: str | None) -> None:
    if not matches(if_match, job.version):
        weak = 'a weak tag (W/"...") never matches: send the strong one; ' if is_weak(if_match) else ""
        raise PreconditionFailed(f"{weak}job {job.job_id} has version {job.version} now: read it again")


def _patched(job: Job, patch: dict[str, Any]) -> dict[str, Any]:
    """The definition with the patch; retry_policy is replaced whole, members left out take the defaults."""
    if "job_key" in patch and patch["job_key"] != job.job_key:
        raise Invalid([FieldError("job_key", "cannot be changed: it is the job's identity")])
    patched: dict[str, Any] = merge_patch(definition_of(job), patch)
    patched |= {name: value for name, value in patch.items() if name not in DEFINITION_FIELDS}  # null or not: unknown
    if "retry_policy" in patch:
        patched["retry_policy"] = patch["retry_policy"] or {}
    return patched


def _armed(job: Job, tick: datetime | None) -> Job:
    """The job with its next tick: kept for resume while it is PAUSED, else for the planner."""
    if job.status == JobStatus.PAUSED:
        return msgspec.structs.replace(job, paused_run_time=tick, next_run_time=None)
    return msgspec.structs.replace(job, status=JobStatus.PENDING, next_run_time=tick)


async def _store(change: OpenChange, old: Job, new: Job, action: str, now: datetime) -> None:
    """Write the locked job, its version and its audit row; end it if no tick and no run follow."""
    # The timeline derives the expected ticks from versions, for which it needs the anchor and the former status.
    version = definition_of(new) | {"schedule_since": rfc3339(new.schedule_since), "previous_status": old.status}
    entry = change.entry(action, "JOB", new.job_id, old=_audited(old), new=_audited(new), team_id=new.team_id)
    await change.unit.definitions.store_changed([Change(new, version, entry)], now)
    if new.next_run_time is None and new.status in (JobStatus.PENDING, JobStatus.PAUSED) and new.deleted_at is None:
        await end_runs(change.unit, [new.job_id])


def _audited(job: Job) -> dict[str, Any]:
    return definition_of(job) | {"status": job.status} | ({"set": job.set} if job.set else {})


async def _shown(change: OpenChange, job_id: int) -> SeenJob:
    """The job after a step, with its status derived from its open executions."""
    job = await change.unit.jobs.select_job(job_id, change.principal.scope)
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    return job
