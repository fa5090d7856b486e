"""The steps of a job: edit, pause, resume, cancel, delete and restore, each inside the caller's transaction.

Each locks the job, then looks: what another transaction did before the lock is seen by the statements after it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from foliot.api.jobs.creation import JOB_KEY_INDEX
from foliot.api.jobs.definition import JobDefinition, decode, definition_of
from foliot.api.jobs.dropping import drop_due
from foliot.api.jobs.next_tick import after_edit, after_restore, at_pause, rearms, same_schedule
from foliot.api.jobs.pausing import PLAINLY, PauseRequest
from foliot.api.queries.jobs import SeenJob
from foliot.api.web.etags import is_weak, matches
from foliot.api.web.merge_patch import merge_patch
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import Conflict, FieldError, Invalid, NotFound, PreconditionFailed
from foliot.common.ledger.changing import audited, store_change
from foliot.common.ledger.job import DEFINITION_FIELDS, Job
from foliot.common.ledger.resuming import resumed, without_run
from foliot.common.model.policies import SkipReason
from foliot.common.model.retry import policy_from
from foliot.common.model.states import JOB_STEPS, JobStatus

RESTORABLE = timedelta(days=30)
"""Time for which a deleted job can be restored; retention keeps it at least as long."""


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
    """Apply a JSON merge patch to the definition."""
    job, now = await locked(change, job_id)
    check_match(job, if_match)
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


async def pause(change: OpenChange, job_id: int, request: PauseRequest = PLAINLY) -> SeenJob:
    """No tick is planned until resume; runs that exist go on to their end."""
    job, now = await locked(change, job_id)
    allow(job, "pause")
    request.check(now)
    following = at_pause(job, now)
    if following.drops_due:
        await drop_due(change.unit, job, now, SkipReason.PAUSED)
    paused = _armed(msgspec.structs.replace(job, status=JobStatus.PAUSED), following.tick)
    await change.unit.pauses.insert_pause(request.noted(job_id, change.principal, now))
    await _store(change, job, paused, "PAUSE_JOB", now, request)
    return await _shown(change, job_id)


async def resume(change: OpenChange, job_id: int) -> SeenJob:
    """Armed again, at a tick that has no execution yet."""
    job, now = await locked(change, job_id)
    allow(job, "resume")
    await _store(change, job, await resumed(change.unit, job, now), "RESUME_JOB", now)
    return await _shown(change, job_id)


async def cancel(change: OpenChange, job_id: int) -> SeenJob:
    """Final: no further tick, open executions are cancelled."""
    job, now = await locked(change, job_id)
    allow(job, "cancel")
    await change.unit.pauses.delete_pauses([job_id])
    await drop_due(change.unit, job, now, SkipReason.CANCELLED)
    cancelled = msgspec.structs.replace(job, status=JobStatus.CANCELLED, next_run_time=None, paused_run_time=None)
    await _store(change, job, cancelled, "CANCEL_JOB", now)
    await change.unit.endings.note_outcomes(await change.unit.endings.cancel_open([job_id]))
    return await _shown(change, job_id)


async def delete(change: OpenChange, job_id: int, if_match: str | None) -> None:
    """As cancel, and hidden. A job that came to its end keeps its outcome."""
    job, now = await locked(change, job_id)
    check_match(job, if_match)
    await change.unit.pauses.delete_pauses([job_id])
    await drop_due(change.unit, job, now, SkipReason.CANCELLED)
    unended = job.status in (JobStatus.PENDING, JobStatus.PAUSED)
    deleted = msgspec.structs.replace(
        job, status=JobStatus.CANCELLED if unended else job.status, next_run_time=None, paused_run_time=None,
        deleted_at=now,
    )  # fmt: skip
    outcomes = await change.unit.endings.cancel_open([job_id])
    await _store(change, job, deleted, "DELETE_JOB", now)
    await change.unit.endings.note_outcomes(outcomes)


async def restore(change: OpenChange, job_id: int) -> SeenJob:
    """As it was before it was deleted; if it was armed, then from now on, as after a pause."""
    found = await change.unit.versions.lock_restorable(job_id, change.principal.scope)
    if found is None or (found[0].deleted_at is not None and found[1] - found[0].deleted_at > RESTORABLE):
        raise NotFound(f"there is no job {job_id}")
    job, now = found
    if job.deleted_at is None:
        raise Conflict("state", f"cannot restore job {job_id}: it is not deleted")
    former = await change.unit.versions.select_former_status(job_id) or job.status
    restored = msgspec.structs.replace(job, status=former, deleted_at=None)
    if former in (JobStatus.PENDING, JobStatus.PAUSED):
        restored = _armed(restored, await without_run(change.unit, job, after_restore(job, now)))
    try:
        await _store(change, job, restored, "RESTORE_JOB", now)
    except asyncpg.UniqueViolationError as error:
        if JOB_KEY_INDEX not in str(error):
            raise
        raise Conflict("job_key", f"another job has the job_key {job.job_key!r} by now: delete it first") from None
    await change.unit.versions.list_restored(job_id)
    return await _shown(change, job_id)


def check_match(job: Job, if_match: str | None) -> None:
    """Raises PreconditionFailed if the If-Match names another version."""
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


async def _store(
    change: OpenChange, old: Job, new: Job, action: str, now: datetime, pause: PauseRequest | None = None
) -> None:
    """Write the locked job, its version and its audit row; end it if no tick and no run follow."""
    values = audited(new) if pause is None else audited(new) | pause.audited()
    entry = change.entry(action, "JOB", new.job_id, old=audited(old), new=values, team_id=new.team_id)
    await store_change(change.unit, old, new, now, entry)


async def _shown(change: OpenChange, job_id: int) -> SeenJob:
    """The job after a step, with its status derived from its open executions."""
    job = await change.unit.jobs.select_job(job_id, change.principal.scope)
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    return job
