"""Parameters of a prepared statement: values of JSON as the text that PostgreSQL reads."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from foliot.worker.executors.sql.text_connection import PgType

_JSON: Final = ("json", "jsonb")
_HAS_ZONE: Final = {"timestamptz": True, "timestamp": False}


class ParameterError(ValueError):
    """A parameter does not fit its type; the message names it."""


def converted(values: Sequence[Any], types: Sequence[PgType]) -> list[str | None]:
    """Return the values as PostgreSQL reads them. Raises ParameterError for what it would not read as it was meant.

    Anything else that does not fit is for the server to refuse, which knows its types best.
    """
    if len(values) != len(types):
        raise ParameterError(f"the query has {len(types)} parameters, params has {len(values)}")
    return [
        _text(f"params[{index}]", value, kind) for index, (value, kind) in enumerate(zip(values, types, strict=True))
    ]


def _text(place: str, value: Any, kind: PgType) -> str | None:
    match value:
        case None:
            return None
        case _ if kind.name in _JSON:
            return msgspec.json.encode(value).decode()
        case list() | tuple() if kind.element is not None:
            return _array(place, value, kind, kind.element)
        case list() | tuple():
            raise ParameterError(f"{place} is a list, which fits arrays, json and jsonb; the query takes {kind.name}")
        case dict():
            raise ParameterError(f"{place} is an object, which fits json and jsonb; the query takes {kind.name}")
        case str():
            _check_zone(place, value, kind.name)
            return value
        case _:
            return msgspec.json.encode(value).decode()


def _array(place: str, values: Sequence[Any], kind: PgType, element: PgType) -> str:
    """An array as PostgreSQL writes one, with every element in quotes."""
    parts = []
    for index, value in enumerate(values):
        nested = isinstance(value, (list, tuple)) and element.name not in _JSON
        text = _text(f"{place}[{index}]", value, kind if nested else element)
        if text is None or nested:
            parts.append("NULL" if text is None else text)
        else:
            escaped = text.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'"{escaped}"')
    return f"{{{kind.delimiter.join(parts)}}}"


def _check_zone(place: str, text: str, type_name: str) -> None:
    """PostgreSQL drops the zone of a timestamp, and takes the session's for a timestamptz without one, in silence."""
    wanted = _HAS_ZONE.get(type_name)
    try:
        zoned = dt.datetime.fromisoformat(text).tzinfo is not None
    except ValueError:  # `infinity`, a year before 1 or after 9999: PostgreSQL's to read
        return
    if zoned and wanted is False:
        raise ParameterError(f"{place}: a timestamp has no zone; leave Z or the offset out, or cast it to timestamptz")
    if wanted and not zoned:
        raise ParameterError(f"{place}: a timestamptz needs a zone; write Z or an offset behind it")
