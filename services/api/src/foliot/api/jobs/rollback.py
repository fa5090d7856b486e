"""Rollback: a job gets the definition of a former version back, as a new version."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from foliot.api.jobs.definition import decode
from foliot.api.jobs.steps import allow, check_match, locked, redefine
from foliot.api.queries.bounds import LAST_ID
from foliot.api.queries.jobs import SeenJob
from foliot.api.web.fields import convert_fields
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import FieldError, Invalid


class RollbackRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a rollback: the version whose definition is wanted again."""

    version: Annotated[int, msgspec.Meta(ge=1, le=LAST_ID)]


def decode_rollback(body: dict[str, Any]) -> RollbackRequest:
    values, errors = convert_fields(body, RollbackRequest)
    if errors:
        raise Invalid(errors)
    return RollbackRequest(**values)


async def rollback(change: OpenChange, job_id: int, version: int, if_match: str | None) -> SeenJob:
    """An edit to that definition, by the rules of an edit: its ticks follow from now. Raises Invalid if there is no
    such version, or if its definition cannot stand any more."""
    job, now = await locked(change, job_id)
    check_match(job, if_match)
    allow(job, "edit")
    row = await change.unit.versions.select_version(job_id, version)
    if row is None:
        raise Invalid([FieldError("version", f"the job has no version {version}: GET .../versions lists them")])
    return await redefine(change, job, now, decode(row.fields))
