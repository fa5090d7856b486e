"""Fields of a request body: converted to the types of a Struct, every wrong one named with its remedy."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from typing import Any

import msgspec

from foliot.api.web.times import OUT_OF_RANGE, in_utc
from foliot.common.errors import FieldError
from foliot.common.model.type_words import faults

CALLED = {
    "queue": "pool", "retries": "retry_policy", "max_retries": "retry_policy", "cron": "schedule", "tz": "timezone",
    "timeout": "timeout_seconds", "name": "job_name", "type": "job_type", "key": "job_key", "jitter": "jitter_seconds",
    "interval": "schedule", "every": "schedule", "cron_expression": "schedule", "time_zone": "timezone",
    "retry": "retry_policy", "backoff": "retry_policy", "tags": "labels", "title": "job_name", "id": "job_key",
    "concurrency_policy": "overlap_policy", "delay": "delay_seconds", "factor": "backoff_factor",
}  # fmt: skip
"""Names that other schedulers (or a former Foliot) use -> the field that is meant."""
_OF_A_PAYLOAD = frozenset(
    {"args", "body", "command", "datasource", "env", "expected_status", "headers", "interpreter", "method", "params"}
    | {"query", "script", "sql", "url"}
)
"""Names of what a job does, for which its payload is the place."""
_READ_ONLY = frozenset(
    {"job_id", "user_id", "team_id", "next_run_time", "last_run_time", "status", "version", "runs_planned"}
    | {"created_at", "updated_at", "deleted_at", "set"}
)
"""Members of a job that is read, which nobody sets."""

Converted = tuple[dict[str, Any], list[FieldError]]
"""The values of the right fields, by name, and an error for each wrong one."""


def convert_fields(body: dict[str, Any], shape: type[msgspec.Struct], prefix: str = "") -> Converted:
    """A body without faults is converted as a whole, one with faults member by member: msgspec stops at the first.

    `prefix`: the path of `body` in the request, such as `filter.`.
    """
    try:
        converted = msgspec.convert(body, shape)
    except msgspec.ValidationError:
        return convert_each(body, shape, prefix)
    for name in _times(shape):
        if getattr(converted, name) is not None:  # msgspec takes times that cannot be stored
            return convert_each(body, shape, prefix)
    return {name: getattr(converted, name) for name in body}, []


def convert_each(body: dict[str, Any], shape: type[msgspec.Struct], prefix: str = "") -> Converted:
    """Member by member, times in UTC."""
    fields = _fields(shape)
    values: dict[str, Any] = {}
    errors = [FieldError(prefix + name, _unknown(name, fields)) for name in body if name not in fields]
    for name, field in fields.items():
        if name not in body:
            if field.required:
                errors.append(FieldError(prefix + name, "is required"))
            continue
        try:
            value = msgspec.convert(body[name], field.type)
        except msgspec.ValidationError:
            errors += [FieldError(*fault) for fault in faults(prefix + name, body[name], field.type)]
            continue
        if isinstance(value, datetime):
            if wrong := _wrong_time(value):
                errors.append(FieldError(prefix + name, wrong))
                continue
            value = in_utc(value)
        values[name] = value
    return values, errors


def _wrong_time(moment: datetime) -> str | None:
    """The fault of a time that msgspec takes and the database does not."""
    if moment.tzinfo is None:
        return "needs an offset or Z, for example 2030-01-31T09:00:00Z"
    return OUT_OF_RANGE if in_utc(moment) is None else None


def _unknown(name: str, fields: Collection[str]) -> str:
    """The remedy for a field that is none: the right name where it can be guessed, else all names."""
    if CALLED.get(name) in fields:
        return f"is called {CALLED[name]}"
    if "payload" in fields and name in _OF_A_PAYLOAD:
        return "belongs in payload"
    if "job_name" in fields and name in _READ_ONLY:
        return "is read-only: leave it out"
    near = get_close_matches(name.lower(), fields, n=1, cutoff=0.75)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"is not a field; {guess}the fields are {', '.join(fields)}"


@cache
def _fields(shape: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(shape)}


@cache
def _times(shape: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(name for name, field in _fields(shape).items() if field.type in (datetime, datetime | None))
