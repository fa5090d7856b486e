"""The plan of an apply: what would make the jobs of a set equal to a list. Computed without a lock; it changes nothing.

A job that is equal already is left alone: not locked, not armed again, not run.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from foliot.api.bulk.actions import in_turns
from foliot.api.bulk.request import BulkRequest
from foliot.api.bulk.results import BulkItem, RowError, error_of
from foliot.api.bulk.storing import Row
from foliot.api.jobs.definition import JobDefinition
from foliot.api.jobs.steps import allow, changed_fields
from foliot.api.queries.operations import ChangeName
from foliot.api.queries.sets import Member
from foliot.api.queries.unit import Unit
from foliot.api.web.etags import etag
from foliot.common.errors import Conflict, FieldError, FoliotError, Invalid, PreconditionFailed
from foliot.common.ledger.job import DEFINITION_FIELDS, Job

_AT_ONCE = 100
"""Jobs that are compared at once: the payloads of all of them may be more than fits."""


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A job of the plan. `index`: its place in the body, None for one that is only in the set. `version`: that of the
    definition that was looked at."""

    change: ChangeName
    index: int | None = None
    job_id: int | None = None
    job_key: str | None = None
    version: int | None = None
    definition: JobDefinition | None = None
    fields: tuple[str, ...] = ()
    error: RowError | None = None

    def shown(self) -> BulkItem:
        return BulkItem(
            index=self.index, job_id=msgspec.UNSET if self.job_id is None else self.job_id,
            job_key=msgspec.UNSET if self.job_key is None else self.job_key, change=self.change,
            fields=list(self.fields) if self.change == "change" else msgspec.UNSET,
            error=msgspec.UNSET if self.error is None else self.error,
        )  # fmt: skip


async def plan(unit: Unit, owner: int, request: BulkRequest, rows: Sequence[Row]) -> list[Planned]:
    """A row for each job of the body, in order, and for each that is only in the set. Raises Invalid for an `expect`
    that names neither."""
    assert request.set is not None
    keys = [row.job_key for row in rows if row.job_key is not None]
    found: list[Planned] = []
    for begin in range(0, len(rows), _AT_ONCE):
        part = rows[begin : begin + _AT_ONCE]
        existing = await unit.sets.select_keyed(owner, [row.job_key for row in part if row.job_key is not None])
        found += [_planned(row, existing.get(row.job_key or ""), request) async for row in in_turns(part)]
    wanted = set(keys)
    beyond = [one for one in await unit.sets.select_members(owner, request.set) if one.job_key not in wanted]
    expect = request.expect or {}
    if unknown := expect.keys() - wanted - {one.job_key for one in beyond}:
        message = "names a job that is neither in jobs nor in the set"
        raise Invalid([FieldError(f"expect.{key}", message) for key in sorted(unknown)])
    return found + [_deleted(one, expect) for one in beyond]


def _planned(row: Row, job: Job | None, request: BulkRequest) -> Planned:
    definition, key = row.definition, row.job_key
    if definition is None or key is None:
        return Planned(change="conflict", index=row.index, error=row.error)
    same = Planned(change="same", index=row.index, job_key=key)
    if job is not None:
        same = msgspec.structs.replace(same, job_id=job.job_id, version=job.version)
    try:
        _check_expected(key, (request.expect or {}).get(key), same.version)
        if job is None:
            return msgspec.structs.replace(same, change="create", definition=definition)
        _check_owner(job, request)
        changed = changed_fields(job, definition)
        fields = [name for name in DEFINITION_FIELDS if name in changed]
        fields += ["set"] if job.set != request.set else []
        if not fields:
            return same
        allow(job, "edit")
    except FoliotError as error:
        return msgspec.structs.replace(same, change="conflict", error=error_of(error))
    return msgspec.structs.replace(same, change="change", definition=definition, fields=tuple(fields))


def _deleted(one: Member, expect: dict[str, str]) -> Planned:
    planned = Planned(change="delete", job_id=one.job_id, job_key=one.job_key, version=one.version)
    try:
        _check_expected(one.job_key, expect.get(one.job_key), one.version)
    except FoliotError as error:
        return msgspec.structs.replace(planned, change="conflict", error=error_of(error))
    return planned


def _check_owner(job: Job, request: BulkRequest) -> None:
    if job.set == request.set or request.adopt:
        return
    owner = "no set" if job.set is None else f"the set {job.set}"
    detail = f"job {job.job_id} with the job_key {job.job_key!r} belongs to {owner}: send adopt to take it over"
    raise Conflict("set", detail)


def _check_expected(key: str, expected: str | None, version: int | None) -> None:
    if expected is None:
        return
    if version is None:
        raise PreconditionFailed(f"there is no job with the job_key {key!r}")
    if expected != etag(version):
        raise PreconditionFailed(f"the job with the job_key {key!r} has version {version} now: read it again")
