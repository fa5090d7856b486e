"""Creating jobs: rows, history and audit of many requests in three statements of one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from foliot.api.auth import Principal
from foliot.api.changes import Change
from foliot.api.definitions import Definition, first_tick, timetable
from foliot.api.jobs import definition_of
from foliot.api.rearming import fires_once
from foliot.common.errors import Conflict, FoliotError, Invalid
from foliot.common.models import Job
from foliot.common.repositories.audit_logs import AuditEntry
from foliot.common.repositories.unit import Unit

JOB_KEY_INDEX = "idx_jobs_job_key"


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """One request for a job, valid as far as that can be told without the database's clock."""

    definition: Definition
    principal: Principal
    request_id: str
    traceparent: str | None
    ip_address: str | None
    user_agent: str


async def create_jobs(unit: Unit, wanted: Sequence[NewJob]) -> list[Job | Invalid]:
    """In the caller's transaction; an answer for each, in order. Raises asyncpg.UniqueViolationError if a job_key is
    taken (then nothing of the batch stands)."""
    now, job_ids = await unit.jobs.reserve_job_ids(len(wanted))
    made = [_job(new, job_id, now) for new, job_id in zip(wanted, job_ids, strict=True)]
    stored = [(new, job) for new, job in zip(wanted, made, strict=True) if isinstance(job, Job)]
    if not stored:
        return made
    definitions = [definition_of(job) for _, job in stored]
    await unit.jobs.insert_jobs([job for _, job in stored])
    await unit.jobs.insert_job_versions([job for _, job in stored], definitions)
    await unit.audit_logs.insert_audits(
        [
            AuditEntry(
                user_id=new.principal.user_id, team_id=job.team_id, action="CREATE_JOB", resource_type="JOB",
                resource_id=job.job_id, new_value=definition, ip_address=new.ip_address, user_agent=new.user_agent,
                request_id=new.request_id,
            )
            for (new, job), definition in zip(stored, definitions, strict=True)
        ]
    )  # fmt: skip
    return made


async def create_one(change: Change, new: NewJob) -> Job:
    """With an Idempotency-Key: in the transaction that keeps the answer. Raises Invalid or Conflict (job_key)."""
    try:
        (made,) = await create_jobs(change.unit, [new])
    except asyncpg.UniqueViolationError as error:
        raise refusal(error, new) or error from None
    if isinstance(made, Invalid):
        raise made
    change.note("CREATE_JOB", "JOB", made.job_id)
    await change.wake()
    return made


def _job(new: NewJob, job_id: int, now: datetime) -> Job | Invalid:
    definition, principal = new.definition, new.principal
    spread_key = f"{principal.team_id}:{definition.job_name}"
    times = timetable(definition, now, spread_key)
    one_time = fires_once(times)
    try:
        next_run_time = first_tick(times, now, definition.misfire_grace_seconds)
    except Invalid as error:
        return error
    return Job(
        **msgspec.structs.asdict(definition),
        job_id=job_id, user_id=principal.user_id, team_id=principal.team_id, schedule_since=now, spread_key=spread_key,
        next_run_time=next_run_time, last_run_time=None, paused_run_time=None, status="PENDING", version=1,
        runs_planned=0, open_since=None, created_at=now, updated_at=now, deleted_at=None,
        request_id=new.request_id if one_time else None, traceparent=new.traceparent if one_time else None,
    )  # fmt: skip


def refusal(error: asyncpg.PostgresError, new: NewJob) -> FoliotError | None:
    """What an error of PostgreSQL means for the one job that caused it; None: nothing that a caller can mend."""
    if isinstance(error, asyncpg.UniqueViolationError) and JOB_KEY_INDEX in str(error):
        return Conflict(
            "job_key", f"a job with the job_key {new.definition.job_key!r} exists: choose another or edit it"
        )
    return None
