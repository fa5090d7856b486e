"""A job's definition at the door: every field checked, every wrong one named with its remedy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from foliot.common.broker.topology import POOL_FORM, POOL_PATTERN
from foliot.common.clock import rfc3339
from foliot.common.errors import FieldError, Invalid
from foliot.common.model import payloads
from foliot.common.model.payloads.checks import PayloadError
from foliot.common.model.retry import RetryPolicy
from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.grammar import parse
from foliot.common.schedules.kinds import Immediate, Instant, Manual
from foliot.common.schedules.timetable import Timetable
from foliot.common.schedules.zones import zone

_MICROSECOND = timedelta(microseconds=1)
_POOL = re.compile(POOL_PATTERN)
_TIMETABLE = ("schedule", "timezone", "dst_", "start_at", "end_at")
_MAX_LABELS = 64

_BY_DEFAULT = {"max_retries": RetryPolicy().max_retries, "backoff_factor": RetryPolicy().backoff_factor}

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


if TYPE_CHECKING:
    JobTypeName = str
else:
    JobTypeName = Literal[payloads.PUBLIC]


class Definition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a caller may set, with the contract's defaults; DEFINITION_FIELDS in their order."""

    job_key: Name | None = None
    job_name: Name
    job_type: JobTypeName
    description: Annotated[str, msgspec.Meta(max_length=10_000)] | None = None
    schedule: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    timezone: Annotated[str, msgspec.Meta(min_length=1, max_length=50)] = "UTC"
    payload: dict[str, Any]
    retry_policy: dict[str, Any] = msgspec.field(default_factory=_BY_DEFAULT.copy)
    priority: Annotated[int, msgspec.Meta(ge=0, le=9)] = 0
    timeout_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400 * 7)] = 300
    overlap_policy: Literal["skip", "queue_one", "allow", "cancel_running"] = "skip"
    misfire_policy: Literal["skip", "run_once", "run_all"] = "run_once"
    misfire_grace_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400 * 366)] = 60
    misfire_limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100
    dst_gap: Literal["shift", "skip"] = "shift"
    dst_overlap: Literal["first", "second", "both"] = "first"
    start_at: datetime | None = None
    end_at: datetime | None = None
    max_runs: Annotated[int, msgspec.Meta(ge=1, le=2**62)] | None = None
    jitter_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 0
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    queue: str = "default"


class _RetryFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    max_retries: Annotated[int, msgspec.Meta(ge=0, le=100)] = 3
    backoff_factor: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 3
    max_backoff: Annotated[float, msgspec.Meta(ge=0, le=86_400 * 7)] = 3600
    jitter: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0
    max_age: Annotated[float, msgspec.Meta(gt=0, le=86_400 * 366)] | None = None
    retry_on: list[int | str] | None = None


def decode(body: dict[str, Any]) -> Definition:
    """Raises Invalid with every wrong field."""
    try:
        definition = msgspec.convert(body, Definition)
    except msgspec.ValidationError:
        return _decode_each(body)
    if definition.start_at is not None or definition.end_at is not None:  # msgspec takes times that cannot be stored
        return _decode_each(body)
    if definition.retry_policy != _BY_DEFAULT:
        return _decode_each(body)
    if errors := _check(msgspec.structs.asdict(definition)):
        raise Invalid(errors)
    return definition


def _decode_each(body: dict[str, Any]) -> Definition:
    """Member by member, since msgspec itself stops at the first that is wrong; for what must be converted as well."""
    values, errors = _convert_each(body, Definition, "")
    if "retry_policy" in values:
        values["retry_policy"], wrong = _retry_policy(values["retry_policy"])
        errors += wrong
    errors += _check(values, errors)
    if errors:
        raise Invalid(errors)
    return Definition(**values)


def _check(values: dict[str, Any], known: Sequence[FieldError] = ()) -> list[FieldError]:
    """What is wrong with values of the right types; a timetable that is `known` to be wrong is not looked at."""
    errors: list[FieldError] = []
    payload, job_type = values.get("payload"), values.get("job_type")
    if payload is not None and job_type is not None:
        try:
            payloads.decode(job_type, payload)
        except PayloadError as error:
            errors += [FieldError(field, message) for field, message in error.errors]
    if labels := values.get("labels"):
        errors += _check_labels(labels)
    if (queue := values.get("queue", "default")) != "default":
        errors += _check_queue(queue)
    errors += check_window(values)
    if (known or errors) and any(error.field.startswith(_TIMETABLE) for error in (*known, *errors)):
        return errors
    return errors + check_schedule(values)


def convert_fields(
    body: dict[str, Any], shape: type[msgspec.Struct], prefix: str
) -> tuple[dict[str, Any], list[FieldError]]:
    """Gives (values, errors). What is right is converted as a whole; what is wrong member by member, since msgspec
    itself stops at the first error."""
    try:
        converted = msgspec.convert(body, shape)
    except msgspec.ValidationError:
        return _convert_each(body, shape, prefix)
    for name in _times(shape):
        if getattr(converted, name) is not None:  # msgspec takes times that cannot be stored
            return _convert_each(body, shape, prefix)
    return {name: getattr(converted, name) for name in body}, []


@cache
def _fields(shape: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(shape)}


@cache
def _times(shape: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(name for name, field in _fields(shape).items() if field.type in (datetime, datetime | None))


def _convert_each(
    body: dict[str, Any], shape: type[msgspec.Struct], prefix: str
) -> tuple[dict[str, Any], list[FieldError]]:
    fields = _fields(shape)
    values: dict[str, Any] = {}
    errors = [
        FieldError(prefix + name, f"is not a field; the fields are {', '.join(fields)}")
        for name in body
        if name not in fields
    ]
    for name, field in fields.items():
        if name not in body:
            if field.required:
                errors.append(FieldError(prefix + name, "is required"))
            continue
        try:
            values[name] = msgspec.convert(body[name], field.type)
        except msgspec.ValidationError as error:
            errors.append(FieldError(prefix + name, _readable(str(error), field.type)))
        if isinstance(values.get(name), datetime):
            try:
                values[name] = _utc(values[name])
            except ValueError as error:
                errors.append(FieldError(prefix + name, str(error)))
                del values[name]
    return values, errors


def _utc(moment: datetime) -> datetime:
    """Raises ValueError for a time without an offset, or one beyond what can be stored."""
    if moment.tzinfo is None:
        raise ValueError("needs an offset or Z, for example 2030-01-31T09:00:00Z")
    try:
        converted = moment.astimezone(UTC)
    except OverflowError:
        converted = moment.replace(year=1)
    if not 1970 <= converted.year <= 9998:
        raise ValueError("must lie between 1970 and 9998")
    return converted


def _readable(message: str, hint: Any) -> str:
    text = (
        message.replace("`", "")
        .replace("Expected", "must be", 1)
        .replace("must be str of length", "must have a length")
    )
    text = text.replace("must be int", "must be a whole number").replace("must be str", "must be text")
    text = text.replace("Invalid enum value", "is").replace(
        "Invalid RFC3339 encoded datetime", "is not an RFC 3339 time such as 2030-01-31T09:00:00Z"
    )
    options = [arg for arg in getattr(hint, "__args__", ()) if isinstance(arg, str)]
    return f"{text}; one of {', '.join(options)}" if options else text


def _retry_policy(raw: dict[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """Members left out take the defaults; what is not set stays out of the row."""
    values, errors = convert_fields(raw, _RetryFields, "retry_policy.")
    for entry in values.get("retry_on") or []:
        if not (entry == "network" or re.fullmatch(r"[1-5](xx|\d\d)", str(entry))):
            errors.append(
                FieldError("retry_policy.retry_on", f"{entry!r} is not a status (503), a class (5xx) or network")
            )
    return _BY_DEFAULT | values, errors


def _check_labels(labels: dict[str, str]) -> list[FieldError]:
    if len(labels) > _MAX_LABELS:
        return [FieldError("labels", f"at most {_MAX_LABELS} labels")]
    return [
        FieldError(f"labels.{key[:40]}", "a label has a name of 1 to 63 characters and a value of at most 255")
        for key, value in labels.items()
        if not 1 <= len(key) <= 63 or len(value) > 255
    ]


def _check_queue(queue: str) -> list[FieldError]:
    if _POOL.fullmatch(queue):
        return []
    return [FieldError("queue", f"a pool's name has {POOL_FORM}")]


def check_window(values: dict[str, Any]) -> list[FieldError]:
    """start_at before end_at."""
    start_at, end_at = values.get("start_at"), values.get("end_at")
    if start_at and end_at and end_at <= start_at:
        return [FieldError("end_at", "must be later than start_at")]
    return []


def check_schedule(values: dict[str, Any]) -> list[FieldError]:
    """A schedule and a zone that can be read; the message names the column and something that works."""
    if "schedule" not in values:
        return []
    errors = []
    zone_name = values.get("timezone", "UTC")
    try:
        zone(zone_name)
    except ScheduleError as error:
        errors.append(FieldError("timezone", str(error)))
        zone_name = "UTC"
    try:
        parse(values["schedule"])
    except ScheduleError as error:
        errors.append(FieldError("schedule", str(error)))
    return errors


def first_tick(times: Timetable, now: datetime, grace_seconds: int) -> datetime | None:
    """When a new (or newly set) schedule fires first. Raises Invalid if it never would, or lies in the past."""
    schedule = times.schedule
    if isinstance(schedule, Manual):
        return None
    if isinstance(schedule, Immediate):
        return times.next_after(now - _MICROSECOND)
    if isinstance(schedule, Instant):
        if schedule.at < now - timedelta(seconds=grace_seconds):
            raise Invalid([FieldError("schedule", f"{rfc3339(schedule.at)} has passed: give a time in the future")])
        tick = times.next_after(schedule.at - _MICROSECOND)
    else:
        tick = times.next_after(now)
    if tick is None:
        raise Invalid([FieldError("end_at", "no tick lies in start_at..end_at: widen them or give another schedule")])
    return tick
