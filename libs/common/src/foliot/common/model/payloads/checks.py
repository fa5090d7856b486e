"""Checks of payload fields, shared by the job types: whatever passes can be stored as JSONB and sent on.

A check takes a field's path and value and gives (path, message with the remedy) for each thing that is wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Meta

Wrong = tuple[str, str]
"""Field path (`payload.headers.X-A`) and what is wrong with it, with the remedy."""
Check = Callable[[str, Any], Iterable[Wrong]]

MAX_JSON_DEPTH: Final = 64
"""Levels of nesting: deeper JSON exhausts the stack of some readers."""
SURROGATE: Final = re.compile("[\ud800-\udfff]")
HALF_PAIR: Final = "holds half of a surrogate pair; send valid Unicode"
_NO_LIMIT = 2**30


class PayloadError(ValueError):
    """The payload does not fit its job_type; `errors` lists every wrong field."""

    def __init__(self, errors: list[Wrong]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in errors))
        self.errors = errors


def described(description: str, **schema: Any) -> Meta:
    """The meaning and the JSON Schema of a field."""
    return Meta(description=description, extra_json_schema=schema)


def anything(_path: str, _value: Any) -> Iterable[Wrong]:
    """A field that its type alone describes."""
    return ()


def check_text(path: str, text: str, max_bytes: int, *, required: bool = False) -> Iterator[Wrong]:
    if required and not text.strip():
        yield path, "must not be empty"
    elif not text.isascii() and SURROGATE.search(text):
        yield path, HALF_PAIR
    elif "\0" in text:
        yield path, "must not contain NUL characters"
    elif len(text) > max_bytes or (not text.isascii() and len(text.encode()) > max_bytes):
        yield path, f"is longer than {max_bytes} bytes"


def check_json(path: str, value: Any) -> Iterator[Wrong]:
    """Each thing once that JSONB or the wire could not carry."""
    if isinstance(value, str):
        yield from check_text(path, value, _NO_LIMIT)
        return
    found: set[str] = set()
    left = [(value, 0)]
    while left:
        item, depth = left.pop()
        if depth > MAX_JSON_DEPTH:
            found.add(f"is nested deeper than {MAX_JSON_DEPTH} levels")
        elif isinstance(item, Mapping):
            left += [(part, depth + 1) for pair in item.items() for part in pair]
        elif isinstance(item, (list, tuple)):
            left += [(part, depth + 1) for part in item]
        elif isinstance(item, str):
            found.update(message for _, message in check_text(path, item, _NO_LIMIT))
        elif isinstance(item, float) and not math.isfinite(item):
            found.add("holds a number that JSON cannot write")
    for message in sorted(found):
        yield path, message
