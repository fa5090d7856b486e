"""Faults of a JSON body that parsers take without a word: NUL, too deep a nesting, and numbers that become others."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from foliot.common.errors import FieldError

MAX_DEPTH = 80
"""Levels of a whole body: 64 of payload.body, and what lies around them here and where the body is kept."""
_NUL = b"\\u0000"
"""The character NUL: JSON has no other way to write it."""
_SHAPE = bytes.maketrans(b"0123456789.E", b"0" * 11 + b"e")
_LONG, _SCALED = b"0" * 17, b"0e"
"""Every number that a float cannot hold has one of these when its digits are written as 0. Few bodies have them; they
are parsed a second time. To look for them so costs a tenth of a regular expression."""
_LARGEST, _SMALLEST = 2**64 - 1, -(2**63)
"""Whole numbers that the parser keeps; beyond them it makes floats."""
_INEXACT = "is a number that would not be kept exactly: write it as text, in quotes"


def faults(raw: bytes, body: dict[str, Any]) -> list[FieldError]:
    """`raw` and what a parser made of it. Costs about a microsecond for a usual body."""
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and (too_deep := list(_too_deep(body))):
        return too_deep  # alone: the other searches go down recursively
    found = list(_with_nul(body, "")) if _NUL in raw else []
    return found + inexact_numbers(raw)


def inexact_numbers(raw: bytes) -> list[FieldError]:
    """An error for each number that JSON can write and nobody here can keep; none in what is not JSON."""
    shape = raw.translate(_SHAPE)
    if _LONG not in shape and _SCALED not in shape:
        return []
    try:
        body = json.loads(raw.decode(), parse_int=_whole, parse_float=_float, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return []
    return [FieldError(path, _INEXACT) for path in _marked(body, "")]


class _Inexact:
    """Stands in a parsed body for a number that is not kept."""


def _whole(text: str) -> int | _Inexact:
    if len(text) > len(str(_LARGEST)):
        return _Inexact()
    return value if _SMALLEST <= (value := int(text)) <= _LARGEST else _Inexact()


def _float(text: str) -> float | _Inexact:
    value = float(text)
    if math.isinf(value):
        return _Inexact()
    if value == 0:
        return value if not re.search("[1-9]", re.split("[eE]", text)[0]) else _Inexact()
    return value if Decimal(text) == Decimal(repr(value)) else _Inexact()


def _no_constant(_text: str) -> Any:
    raise ValueError("NaN and Infinity are no JSON")


def _too_deep(body: dict[str, Any]) -> Iterator[FieldError]:
    """The members of the body that are nested too deeply."""
    for name, member in body.items():
        left = [(member, 1)]
        while left:
            value, depth = left.pop()
            if depth > MAX_DEPTH:
                yield FieldError(name, f"is nested deeper than {MAX_DEPTH} levels")
                break
            if isinstance(value, (dict, list)):
                parts = value.values() if isinstance(value, dict) else value
                left += [(part, depth + 1) for part in parts if isinstance(part, (dict, list))]


def _parts(value: Any, path: str) -> Iterator[tuple[Any, str]]:
    """The members or elements of a value, with their paths."""
    if isinstance(value, dict):
        yield from ((member, f"{path}.{name}" if path else name) for name, member in value.items())
    elif isinstance(value, list):
        yield from ((element, f"{path}[{index}]") for index, element in enumerate(value))


def _with_nul(value: Any, path: str) -> Iterator[FieldError]:
    """Each text with NUL, which PostgreSQL cannot store."""
    if isinstance(value, str) and "\0" in value:
        yield FieldError(path.replace("\0", "?"), "holds the character NUL: remove it")
    if isinstance(value, dict) and "\0" in "".join(value):
        for name in value:
            if "\0" in name:
                wrong = f"{path}.{name}" if path else name
                yield FieldError(wrong.replace("\0", "?"), "a name holds the character NUL: remove it")
    for part, name in _parts(value, path):
        yield from _with_nul(part, name)


def _marked(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, _Inexact):
        yield path
    for part, name in _parts(value, path):
        yield from _marked(part, name)
