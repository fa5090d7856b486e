"""One log line as bytes, made in one step: a chain of processors costs more than the rest of a run's Python."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
import structlog

from foliot.common.clock import rfc3339
from foliot.common.process.logs.bound import BOUND
from foliot.common.process.logs.values import LONGEST_TEXT, encodable, shortened, time_text

_LEVELS = {"debug": "DEBUG", "warning": "WARNING", "error": "ERROR", "critical": "CRITICAL"}
"""Level by the lower-case name of a method or of a library's level; any other name is INFO."""
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z
_HEADS_REMEMBERED = 1_000
"""Beginnings of lines that are kept: more than all events of a service; sentences of libraries push one another out."""


class Line:
    """Makes the lines of one service."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._now = _Now()

    def __call__(self, method: str, event: str, fields: dict[str, Any]) -> bytes:
        """`method`: the level in lower case."""
        if "exc_info" in fields:
            fields = dict(structlog.processors.format_exc_info(None, method, fields))
            fields.setdefault("error", fields.pop("exception", None))
        shown: dict[str, Any] = {}
        bound = BOUND.get()
        for name, value in ({**bound, **fields} if bound else fields).items():
            kind = type(value)
            if kind is int or (kind is str and len(value) <= LONGEST_TEXT):
                shown[name] = value
            elif kind is datetime and value.microsecond and value.tzinfo is UTC:
                shown[name] = value  # orjson writes it ten times as fast, but other zones and whole seconds differently
            elif value is not None:
                shown[name] = time_text(value) if kind is datetime else shortened(value)
        head = _head(self._service, method, event, shown.pop("message", ""))
        return b'{"timestamp":"%b",%b%b}' % (self._now(), head, b"," + _members(shown) if shown else b"")


@lru_cache(_HEADS_REMEMBERED)
def _head(service: str, method: str, event: str, message: str) -> bytes:
    """The members with which all lines of an event begin, but for the time. A sentence of a library is no `event`."""
    head = {"service": service, "level": _LEVELS.get(method, "INFO"), "message": message or event.replace("_", " ")}
    return _members(head | ({"event": event} if event.isidentifier() else {}))


def _members(shown: dict[str, Any]) -> bytes:
    """The members of a JSON object, without its braces."""
    try:
        return orjson.dumps(shown, default=str, option=_OPTIONS)[1:-1]
    except TypeError:  # text that is not Unicode, as names of files may be
        return orjson.dumps({name: encodable(value) for name, value in shown.items()}, option=_OPTIONS)[1:-1]


class _Now:
    """The time of a line; its text up to the second is made once per second."""

    def __init__(self) -> None:
        self._second, self._text = -1, b""

    def __call__(self) -> bytes:
        second, microsecond = divmod(time.time_ns() // 1_000, 1_000_000)
        if second != self._second:
            self._second, self._text = second, rfc3339(datetime.fromtimestamp(second, UTC))[:20].encode()
        return b"%b%06dZ" % (self._text, microsecond)
