"""Parameters of a prepared statement, converted from JSON: asyncpg wants Python objects for types that JSON lacks."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import asyncpg
import msgspec


class ParameterError(ValueError):
    """A parameter does not fit its type; the message names it."""


def converted(values: Sequence[Any], types: Sequence[asyncpg.Type]) -> list[Any]:
    """Return the values in the form that asyncpg wants for the statement's types. Raises ParameterError.

    For a type without a conversion here the query can have a cast: `$1::text::inet`.
    """
    if len(values) != len(types):
        raise ParameterError(f"the query has {len(types)} parameters, params has {len(values)}")
    return [
        _converted(f"params[{index}]", value, kind.name)
        for index, (value, kind) in enumerate(zip(values, types, strict=True))
    ]


def _converted(place: str, value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind.endswith("[]") and isinstance(value, (list, tuple)):
        return [_converted(f"{place}[{index}]", item, kind[:-2]) for index, item in enumerate(value)]
    try:
        return _BY_TYPE.get(kind, _as_it_is)(value)
    except (ValueError, ArithmeticError) as error:
        raise ParameterError(f"{place} is no {kind}: {error}") from error


def _as_it_is(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("write it as text, in quotes")
    return value


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise ValueError("a boolean is no number")
    return Decimal(str(value))


def _bytes(value: Any) -> bytes:
    text = _text(value)
    if not text.startswith("\\x"):
        raise ValueError("write it in hexadecimal, such as \\x00ff")
    return bytes.fromhex(text[2:])


def _timestamp_with_zone(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("it has no zone; write Z or an offset behind it")
    return moment


def _timestamp(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(_text(value))
    if moment.tzinfo is not None:
        raise ValueError("the type has no zone; leave Z or the offset out, or cast it to timestamptz")
    return moment


def _interval(value: Any) -> dt.timedelta:
    return msgspec.convert(_text(value), dt.timedelta)


_BY_TYPE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "numeric": _decimal,
    "bytea": _bytes,
    "date": lambda value: dt.date.fromisoformat(_text(value)),
    "time": lambda value: dt.time.fromisoformat(_text(value)),
    "timetz": lambda value: dt.time.fromisoformat(_text(value)),
    "timestamp": _timestamp,
    "timestamptz": _timestamp_with_zone,
    "interval": _interval,
    "json": lambda value: msgspec.json.encode(value).decode(),
    "jsonb": lambda value: msgspec.json.encode(value).decode(),
}
