"""Rows as JSON lines: each value of PostgreSQL in a form that JSON can carry; long ones are cut."""

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal
from functools import singledispatch
from typing import Any, Final

import asyncpg
import msgspec

MAX_TEXT: Final = 2_000
"""Characters shown of one value, so that some rows fit into the log of an attempt, which holds 10 KB."""

_INFINITIES: Final = {dt.datetime.max: "infinity", dt.datetime.min: "-infinity"}  # noqa: DTZ901


def unique_names(names: Sequence[str]) -> list[str]:
    """Return the column names, with `_2`, `_3`, ... appended to those that come again."""
    unique: list[str] = []
    for name in names:
        number, candidate = 1, name
        while candidate in unique:
            number += 1
            candidate = f"{name}_{number}"
        unique.append(candidate)
    return unique


def line(names: Sequence[str], kinds: Sequence[str], row: asyncpg.Record) -> bytes:
    """Return one row as a JSON object and a line break. `kinds`: the names of the columns' types."""
    values = (
        _json_text(value) if kind in ("json", "jsonb") else plain(value)
        for kind, value in zip(kinds, row.values(), strict=True)
    )
    return msgspec.json.encode(dict(zip(names, values, strict=True))) + b"\n"


@singledispatch
def plain(value: Any) -> Any:
    """Return the value as JSON has it; a value of a type that JSON lacks becomes text."""
    return _cut(str(value))


@plain.register(type(None))
@plain.register(int)
def _(value: int | None) -> Any:
    return value


@plain.register
def _(value: float) -> Any:
    return value if math.isfinite(value) else str(value)


@plain.register
def _(value: Decimal) -> Any:
    return _cut(format(value, "f") if value.is_finite() else str(value))


@plain.register
def _(value: bytes) -> Any:
    return _cut("\\x" + value[:MAX_TEXT].hex(), 2 + 2 * len(value))


@plain.register(dt.date)
@plain.register(dt.time)
def _(value: dt.date | dt.time) -> Any:
    return value.isoformat()


@plain.register
def _(value: dt.datetime) -> Any:
    bare = value.replace(tzinfo=None)
    if bare in _INFINITIES:
        return _INFINITIES[bare]
    if value.tzinfo is None:
        return value.isoformat(timespec="microseconds")
    return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


@plain.register
def _(value: dt.timedelta) -> Any:
    return msgspec.to_builtins(value)


@plain.register
def _(value: asyncpg.Record) -> Any:
    return {name: plain(item) for name, item in value.items()}


@plain.register(asyncpg.Range)
def _(value: asyncpg.Range[Any]) -> Any:
    if value.isempty:
        return "empty"
    lower, upper = ("" if end is None else str(plain(end)) for end in (value.lower, value.upper))
    return f"{'[' if value.lower_inc else '('}{lower},{upper}{']' if value.upper_inc else ')'}"


@plain.register
def _(value: asyncpg.BitString) -> Any:
    return _cut(value.as_string().replace(" ", ""))


@plain.register
def _(value: asyncpg.Path) -> Any:
    return plain(list(value.points))


@plain.register(list)
@plain.register(tuple)
def _(value: list[Any] | tuple[Any, ...]) -> Any:
    return [plain(item) for item in value]


def _json_text(value: Any) -> Any:
    if not isinstance(value, str):
        return plain(value)
    return msgspec.Raw(value.encode()) if len(value) <= MAX_TEXT else _cut(value)


def _cut(text: str, length: int | None = None) -> str:
    length = len(text) if length is None else length
    return text if length <= MAX_TEXT else f"{text[:MAX_TEXT]}... ({length} characters)"
