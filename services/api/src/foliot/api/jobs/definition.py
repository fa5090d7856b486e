"""A job's definition at the door: every field checked, every wrong one named with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from foliot.api.jobs.checks import check_labels, check_pool, check_schedule, check_shadow, check_window
from foliot.api.jobs.read_only import READ_ONLY_FIELDS, refused_at_creation
from foliot.api.jobs.retry_fields import convert_retry_policy
from foliot.api.web.fields import convert_each
from foliot.common.clock import rfc3339
from foliot.common.errors import FieldError, Invalid
from foliot.common.ledger.job import Job
from foliot.common.model import payloads
from foliot.common.model.hidden import marked
from foliot.common.model.payloads.checks import PayloadError
from foliot.common.model.policies import MisfirePolicy, OverlapPolicy
from foliot.common.model.retry import STORED_BY_DEFAULT

_TIMETABLE = ("schedule", "timezone", "dst_", "start_at", "end_at")
"""Beginnings of the names of fields that say when a job fires."""

SECONDS = {"unit": "seconds"}
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


if TYPE_CHECKING:
    JobTypeName = str
else:
    JobTypeName = Literal[payloads.PUBLIC]


class JobDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields that a caller may set, with their defaults; DEFINITION_FIELDS in their order."""

    job_key: Name | None = None
    job_name: Name
    job_type: JobTypeName
    description: Annotated[str, msgspec.Meta(max_length=10_000)] | None = None
    schedule: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    timezone: Annotated[str, msgspec.Meta(min_length=1, max_length=50)] = "UTC"
    payload: dict[str, Any]
    retry_policy: dict[str, Any] = msgspec.field(default_factory=STORED_BY_DEFAULT.copy)
    priority: Annotated[int, msgspec.Meta(ge=0, le=9)] = 0
    timeout_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400 * 7, extra=SECONDS)] = 300
    overlap_policy: OverlapPolicy = OverlapPolicy.SKIP
    misfire_policy: MisfirePolicy = MisfirePolicy.RUN_ONCE
    misfire_grace_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400 * 366, extra=SECONDS)] = 60
    misfire_limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100
    dst_gap: Literal["shift", "skip"] = "shift"
    dst_overlap: Literal["first", "second", "both"] = "first"
    start_at: datetime | None = None
    end_at: datetime | None = None
    max_runs: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)] | None = None
    jitter_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400, extra=SECONDS)] = 0
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    pool: str = "default"
    shadow: bool = False


def decode(body: dict[str, Any]) -> JobDefinition:
    """Raises Invalid with every wrong field."""
    try:
        definition = msgspec.convert(body, JobDefinition)
    except msgspec.ValidationError:
        return _decode_each(body)
    if definition.start_at is not None or definition.end_at is not None:  # msgspec takes times that cannot be stored
        return _decode_each(body)
    if definition.retry_policy != STORED_BY_DEFAULT:
        return _decode_each(body)
    if errors := _check(msgspec.structs.asdict(definition)):
        raise Invalid(errors)
    return definition


def _decode_each(body: dict[str, Any]) -> JobDefinition:
    """Member by member: for bodies with faults, of which msgspec names the first alone, and for members that msgspec
    does not convert by itself."""
    errors = refused_at_creation(body)
    values, wrong = convert_each({name: body[name] for name in body if name not in READ_ONLY_FIELDS}, JobDefinition)
    errors += wrong
    if "retry_policy" in values:
        values["retry_policy"], wrong = convert_retry_policy(values["retry_policy"])
        errors += wrong
    errors += _check(values, errors)
    if errors:
        raise Invalid(errors)
    return JobDefinition(**values)


def _check(values: dict[str, Any], known: Sequence[FieldError] = ()) -> list[FieldError]:
    """Further errors in values of the right types; a timetable with an error that is `known` is not looked at."""
    errors: list[FieldError] = []
    payload, job_type = values.get("payload"), values.get("job_type")
    if payload is not None and job_type is not None:
        errors += check_payload(job_type, payload)
    if labels := values.get("labels"):
        errors += check_labels(labels)
    if (pool := values.get("pool", "default")) != "default":
        errors += check_pool(pool)
    errors += check_window(values)
    errors += check_shadow(values)
    if (known or errors) and any(error.field.startswith(_TIMETABLE) for error in (*known, *errors)):
        return errors
    return errors + check_schedule(values)


def check_payload(job_type: str, payload: dict[str, Any]) -> list[FieldError]:
    if members := marked(payload):
        remedy = "send the value itself; a PATCH without this member keeps what is stored"
        return [FieldError(f"payload.{name}", f"this value was hidden from you: {remedy}") for name in members]
    try:
        payloads.decode(job_type, payload)
    except PayloadError as error:
        return [FieldError(field, message) for field, message in error.errors]
    return []


def definition_of(job: Job | JobDefinition) -> dict[str, Any]:
    """The definition as it is answered, audited and kept as a version."""
    if isinstance(job, Job):
        return job.definition()
    values = msgspec.structs.asdict(job)
    for name in ("start_at", "end_at"):
        if values[name] is not None:
            values[name] = rfc3339(values[name])
    return values
