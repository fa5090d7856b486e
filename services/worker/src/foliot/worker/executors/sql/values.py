"""Values of PostgreSQL as JSON has them, read from the text that the server writes.

The server's text is exact for every type, those of extensions and of later releases included: infinite and far dates,
months, numbers of any length. JSON's own types are used where they say the same: booleans, integers, finite floats,
JSON, arrays, and NULL. Times have the form of all times of Foliot where that can be written.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

MAX_TEXT: Final = 2_000
"""Characters shown of one value, so that some rows fit into the log of an attempt, which holds 10 KB."""

Read = Callable[[str], Any]

_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def cut(text: str) -> str:
    """The text, or its beginning if it is long."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}... ({len(text)} characters)"


def reader(type_name: str) -> Read:
    """How a value of this type is read; the text as it is for a type that JSON lacks."""
    return _READERS.get(type_name, cut)


def array_reader(read: Read, delimiter: str) -> Read:
    """How an array is read whose elements are read by `read`; a long one stays text."""
    token = re.compile(rf'"((?:[^"\\]|\\.)*)"|([{{}}])|([^"{{}}{re.escape(delimiter)}]+)', re.DOTALL)

    def read_array(text: str) -> Any:
        body = text.partition("=")[2] if text.startswith("[") else text  # [2:3]={...} names its bounds
        if len(text) > MAX_TEXT or not body.startswith("{"):
            return cut(text)
        levels: list[list[Any]] = [[]]
        for quoted, brace, bare in (match.groups() for match in token.finditer(body)):
            if brace == "{":
                levels.append([])
            elif brace:
                ended = levels.pop()
                levels[-1].append(ended)
            elif quoted is None:
                levels[-1].append(None if bare == "NULL" else read(bare))
            else:
                levels[-1].append(read(_ESCAPED.sub(r"\1", quoted)))
        return levels[0][0]

    return read_array


def _float(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text


def _json(text: str) -> msgspec.Raw | str:
    """JSON on one line: a line break is allowed between two of its parts only, never in a string."""
    return msgspec.Raw(text.replace("\n", " ").replace("\r", " ").encode()) if len(text) <= MAX_TEXT else cut(text)


def _moment(text: str) -> str:
    """RFC 3339 with six digits, in UTC if there is a zone; text as it is for `infinity`, BC and beyond 9999."""
    try:
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return moment.isoformat(timespec="microseconds")
        return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    except (ValueError, OverflowError):
        return text


_READERS: Final[Mapping[str, Read]] = {
    "bool": lambda text: text == "t",
    **dict.fromkeys(("int2", "int4", "int8", "oid", "xid", "cid", "xid8"), int),
    **dict.fromkeys(("float4", "float8"), _float),
    **dict.fromkeys(("json", "jsonb"), _json),
    **dict.fromkeys(("timestamp", "timestamptz"), _moment),
    "void": lambda _: None,
}
