"""Fields of a request body: converted to the types of a Struct, every wrong one named with its remedy."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import EnumMeta
from functools import cache
from typing import Any

import msgspec

from foliot.common.errors import FieldError

PLAIN_WORDS = (
    ("Expected `str` of length", "must have a length"),
    ("Expected `str", "must be text"),
    ("Expected `int", "must be a whole number"),
    ("Expected", "must be"),
    ("Invalid enum value", "is"),
    ("Invalid RFC3339 encoded datetime", "is not an RFC 3339 time such as 2030-01-31T09:00:00Z"),
)
"""(beginning of a message of msgspec, plain words in its place); the first that fits counts."""

CALLED = {
    "queue": "pool", "retries": "retry_policy", "max_retries": "retry_policy", "cron": "schedule", "tz": "timezone",
    "timeout": "timeout_seconds", "name": "job_name", "type": "job_type", "key": "job_key", "jitter": "jitter_seconds",
}  # fmt: skip
"""Names that other schedulers (or a former Foliot) use -> the field that is meant."""

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
            values[name] = _utc(value) if isinstance(value, datetime) else value
        except msgspec.ValidationError as error:
            errors.append(FieldError(prefix + name, plain(str(error), field.type)))
        except _NotStorable as error:
            errors.append(FieldError(prefix + name, str(error)))
    return values, errors


def _unknown(name: str, fields: Collection[str]) -> str:
    """The remedy for a field that is none: the right name where it can be guessed, else all names."""
    if CALLED.get(name) in fields:
        return f"is called {CALLED[name]}"
    near = get_close_matches(name.lower(), fields, n=1, cutoff=0.75)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"is not a field; {guess}the fields are {', '.join(fields)}"


@cache
def _fields(shape: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(shape)}


@cache
def _times(shape: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(name for name, field in _fields(shape).items() if field.type in (datetime, datetime | None))


class _NotStorable(ValueError):
    """A time that msgspec takes and the database does not."""


def _utc(moment: datetime) -> datetime:
    """Raises _NotStorable for a time without an offset, or one beyond the years that can be stored."""
    if moment.tzinfo is None:
        raise _NotStorable("needs an offset or Z, for example 2030-01-31T09:00:00Z")
    try:
        converted = moment.astimezone(UTC)
    except OverflowError:
        converted = moment.replace(year=1)
    if not 1970 <= converted.year <= 9998:
        raise _NotStorable("must lie between 1970 and 9998")
    return converted


def plain(message: str, hint: Any) -> str:
    """A message of msgspec in plain words; for a choice, a field of the type `hint`, with the options."""
    for beginning, words in PLAIN_WORDS:
        if message.startswith(beginning):
            message = words + message.removeprefix(beginning)
            break
    text = message.replace("`", "")
    options = _options(hint)
    return f"{text}; one of {', '.join(options)}" if options else text


def _options(hint: Any) -> list[str]:
    """The texts of a Literal or of an enum."""
    members = hint if isinstance(hint, EnumMeta) else getattr(hint, "__args__", ())
    return [str(member) for member in members if isinstance(member, str)]
