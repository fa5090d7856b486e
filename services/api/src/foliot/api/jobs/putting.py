"""PUT by key: create the job with a key or replace its definition, inside the caller's transaction.

An equal definition is found without a lock, so that whoever sends all of its jobs again holds up nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from foliot.api.jobs.creation import Created, NewJob, create_one
from foliot.api.jobs.definition import JobDefinition, decode
from foliot.api.jobs.read_only import READ_ONLY_FIELDS, without_read_only
from foliot.api.jobs.steps import allow, changed_fields, check_match, redefine
from foliot.api.queries.jobs import SeenJob
from foliot.api.web.etags import excludes
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import Conflict, FieldError, Invalid, PreconditionFailed, RolledBack
from foliot.common.ledger.job import Job


def with_key(body: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The definition with the key of the path. Raises Invalid if it names another one."""
    if body.get("job_key", key) != key:
        raise Invalid([FieldError("job_key", "differs from the key in the path: leave it out")])
    return {**body, "job_key": key}


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller wants of a job_key. `body`: the definition with the key; `shown`: a job as an answer has it, in the
    types of JSON, so that an answer can be sent back."""

    key: str
    body: dict[str, Any]
    if_match: str | None
    if_none_match: str | None
    shown: Callable[[SeenJob], dict[str, Any]]

    def check(self, job: Job) -> None:
        """Raises PreconditionFailed."""
        check_match(job, self.if_match)
        if excludes(self.if_none_match, job.version):
            raise PreconditionFailed(f"job {job.job_id} has this job_key: leave If-None-Match out to replace it")

    def definition_for(self, job: SeenJob) -> JobDefinition:
        """Raises Invalid."""
        if self.body.keys().isdisjoint(READ_ONLY_FIELDS):
            return decode(self.body)
        return decode(without_read_only(self.body, self.shown(job)))


async def put(change: OpenChange, wanted: Put) -> SeenJob | Created:
    """The job after it. Raises RolledBack if somebody created or deleted the job in between: it is done again."""
    seen = await _present(change, wanted.key)
    if seen is None:
        if wanted.if_match is not None:
            raise PreconditionFailed("no job has this job_key: leave If-Match out to create one")
        return await _create(change, wanted.body)
    wanted.check(seen)
    definition = wanted.definition_for(seen)
    if not changed_fields(seen, definition):
        return seen
    found = await change.unit.definitions.lock_visible([seen.job_id], change.principal.scope)
    if not found:
        raise RolledBack("the job was deleted at the same time")
    job, now = found[0]
    wanted.check(job)
    allow(job, "edit")
    return await redefine(change, job, now, definition)


async def _present(change: OpenChange, key: str) -> SeenJob | None:
    job_id = await change.unit.keyed_jobs.find_job(change.principal.owner, key)
    return None if job_id is None else await change.unit.jobs.select_job(job_id, change.principal.scope)


async def _create(change: OpenChange, body: dict[str, Any]) -> Created:
    try:
        return await create_one(change, NewJob(definition=decode(body), caller=change.caller))
    except Conflict as error:
        raise RolledBack("a job with this job_key was created at the same time") from error
