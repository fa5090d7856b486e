"""Values of a line's fields that JSON does not know, or that would make the line too long."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from foliot.common.clock import rfc3339

LONGEST_TEXT = 4_000
"""Characters of one text. A line then stays below 16 KB, where log drivers split lines."""
_BEGINNING = 1_000
"""Characters kept of the beginning of a longer text; the rest is its end, because the end of a traceback says most."""
_ERRORS_OF_GROUP = 5
"""Errors of an exception group that are written: a line names the first ones, not hundreds of one kind."""


def shortened(value: Any) -> Any:
    """The value as it is written: errors as text, long texts cut."""
    if type(value) is str:
        return f"{value[:_BEGINNING]} ... {value[-LONGEST_TEXT + _BEGINNING :]}"
    if isinstance(value, BaseExceptionGroup):
        return "; ".join(str(shortened(error)) for error in value.exceptions[:_ERRORS_OF_GROUP])
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"[:LONGEST_TEXT]
    return value


def encodable(value: Any) -> Any:
    """The value with `?` in place of characters that UTF-8 cannot encode, such as half a surrogate pair."""
    return value if isinstance(value, int | float | datetime) else str(value).encode(errors="replace").decode()


@lru_cache(1_000)
def time_text(moment: datetime) -> str:
    """RFC 3339, remembered: most ticks lie on whole seconds, and many on the same one."""
    return rfc3339(moment)
