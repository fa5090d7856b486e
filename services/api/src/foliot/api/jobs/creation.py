"""Creation of jobs: one JSON document a job, from which its rows are stored and its answer is made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec
import orjson

from foliot.api.jobs.definition import JobDefinition, definition_of
from foliot.api.jobs.next_tick import first_tick
from foliot.api.jobs.shown_policy import shown_policy
from foliot.api.queries.unit import Unit
from foliot.api.web.callers import Caller
from foliot.api.web.open_change import OpenChange
from foliot.common.clock import rfc3339
from foliot.common.errors import Conflict, FoliotError, Invalid
from foliot.common.ledger.definitions import Creation
from foliot.common.ledger.job import DEFINITION_FIELDS
from foliot.common.ledger.resuming import fires_once
from foliot.common.model.states import JobStatus
from foliot.common.schedules.of_job import spread_key, timetable

JOB_KEY_INDEX = "idx_jobs_job_key"
"""The unique index that refuses a job_key which the owner has used already."""

_POLICY_AT = DEFINITION_FIELDS.index("retry_policy")
_BEFORE_POLICY, _BEHIND_POLICY = DEFINITION_FIELDS[:_POLICY_AT], DEFINITION_FIELDS[_POLICY_AT + 1 :]


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a job, checked except for what needs the database's clock: whether a tick lies ahead."""

    definition: JobDefinition
    caller: Caller
    set: str | None = None


class Prepared(msgspec.Struct, frozen=True):
    """A job that can be stored. `document`: its definition as JSON, made once for the rows and for the answer."""

    creation: Creation
    definition: JobDefinition
    document: tuple[bytes, bytes]


class Created(msgspec.Struct, frozen=True):
    """A job that has just been stored. `shown`: the members of its answer as JSON, without the braces."""

    job_id: int
    definition: JobDefinition
    shown: bytes


async def create_jobs(unit: Unit, wanted: Sequence[NewJob]) -> list[Created | Invalid]:
    """As `store_jobs`, with the answers."""
    return [_created(one) if isinstance(one, Prepared) else one for one in await store_jobs(unit, wanted)]


async def store_jobs(unit: Unit, wanted: Sequence[NewJob]) -> list[Prepared | Invalid]:
    """A result for each, in order; if it raises, no job is stored. Raises asyncpg.UniqueViolationError if a job_key is
    taken."""
    now, job_ids = await unit.definitions.reserve_job_ids(len(wanted))
    created_at = rfc3339(now)
    made = [_prepared(new, job_id, now, created_at) for new, job_id in zip(wanted, job_ids, strict=True)]
    in_order = sorted(zip(wanted, made, strict=True), key=_job_key)  # so that two batches cannot wait for each other
    if creations := [one.creation for _, one in in_order if isinstance(one, Prepared)]:
        await unit.definitions.insert_created(creations)
    return list(made)


def _job_key(pair: tuple[NewJob, Prepared | Invalid]) -> str:
    return pair[0].definition.job_key or ""


async def create_one(change: OpenChange, new: NewJob) -> Created:
    """One job inside the caller's transaction. Raises Invalid or Conflict (job_key)."""
    try:
        (made,) = await create_jobs(change.unit, [new])
    except asyncpg.UniqueViolationError as error:
        raise refusal(error, new) or error from None
    if isinstance(made, Invalid):
        raise made
    change.note("CREATE_JOB", "JOB", made.job_id)
    return made


def _prepared(new: NewJob, job_id: int, now: datetime, created_at: str) -> Prepared | Invalid:
    definition, caller = new.definition, new.caller
    principal = caller.principal
    spread = spread_key(principal.team_id, definition.job_name)
    times = timetable(definition, since=now, spread=spread)
    try:
        tick = first_tick(times, now, definition.misfire_grace_seconds)
    except Invalid as error:
        return error
    document = _document(definition)
    creation: Creation = {
        "job_id": job_id, "user_id": principal.user_id, "team_id": principal.team_id,
        "definition": orjson.Fragment(_joined(document, orjson.dumps(definition.retry_policy))), "spread_key": spread,
        "next_run_time": None if tick is None else rfc3339(tick), "once": fires_once(times),
        "created_at": created_at, "request_id": caller.request_id, "traceparent": caller.traceparent,
        "ip_address": caller.ip_address, "user_agent": caller.user_agent,
        "key_id": principal.key_id, "set": new.set,
    }  # fmt: skip
    return Prepared(creation, definition, document)


def _document(definition: JobDefinition) -> tuple[bytes, bytes]:
    """The definition as JSON in two halves, between which its retry_policy stands: it is answered in another form than
    it is stored."""
    values = definition_of(definition)
    before = {name: values[name] for name in _BEFORE_POLICY}
    return orjson.dumps(before), orjson.dumps({name: values[name] for name in _BEHIND_POLICY})


def _joined(halves: tuple[bytes, bytes], policy: bytes) -> bytes:
    return b'%b,"retry_policy":%b,%b' % (halves[0][:-1], policy, halves[1][1:])


def _created(prepared: Prepared) -> Created:
    """The same members as views/job.py gives when the job is read, without a second pass over the definition."""
    creation, definition = prepared.creation, prepared.definition
    owned = {"job_id": creation["job_id"], "user_id": creation["user_id"], "team_id": creation["team_id"]}
    policy = shown_policy(definition.retry_policy, definition.job_type)
    state = {
        "next_run_time": creation["next_run_time"], "last_run_time": None, "status": JobStatus.PENDING, "version": 1,
        "runs_planned": 0, "created_at": creation["created_at"], "updated_at": creation["created_at"],
        "deleted_at": None, "paused": None, "set": creation["set"], "last_status": None, "retry_delays": policy.delays,
    }  # fmt: skip
    document = _joined(prepared.document, policy.document)
    members = (orjson.dumps(owned)[1:-1], document[1:-1], orjson.dumps(state)[1:-1])
    return Created(creation["job_id"], definition, b"%b,%b,%b" % members)


def refusal(error: asyncpg.PostgresError, new: NewJob) -> FoliotError | None:
    """The error for the caller whose job PostgreSQL refused; None if it is nothing that a caller can fix."""
    if isinstance(error, asyncpg.UniqueViolationError) and JOB_KEY_INDEX in str(error):
        return Conflict(
            "job_key", f"a job with the job_key {new.definition.job_key!r} exists: choose another or edit it"
        )
    return None
