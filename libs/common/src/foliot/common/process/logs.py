"""One JSON object a line on stdout, in the seed's format, for our lines and for the libraries'."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import io
import logging
import sys
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, BinaryIO, TextIO

import orjson
import structlog

from foliot.common.clock import rfc3339
from foliot.common.process import events

_LEVELS = {
    "debug": "DEBUG", "info": "INFO", "warn": "WARNING", "warning": "WARNING", "error": "ERROR", "exception": "ERROR",
    "critical": "CRITICAL", "fatal": "CRITICAL",
}  # fmt: skip
_BUFFER = 64 * 1024
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z
_BOUND: ContextVar[Mapping[str, Any]] = ContextVar("bound", default={})  # noqa: B039  # never written to
_MAX_TEXT = 4_000  # a line stays below 16 KB, where log drivers split lines


def configure(service: str, level: str, stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream` (stdout by default) as JSON of the service `service`.

    `level`: the lowest that is written.
    """
    out = _Output((stream or sys.stdout).buffer)
    line = _Line(service)
    structlog.configure(
        wrapper_class=_direct(logging.getLevelName(level), line, out),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        handlers=[_Libraries(line, out)], level=max(logging.getLevelName(level), logging.INFO), force=True
    )
    for noisy in ("aiozk", "aiormq", "asyncio", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL if noisy in ("aiozk", "aiormq") else logging.WARNING)
    _catch_last_words()


def bind(**fields: Any) -> None:
    """Fields of every line that this task writes from now on."""
    _BOUND.set(fields)


class _Line:
    """Makes a line; one step instead of a chain of processors, which cost more than the rest of a run's Python."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._now = _Now()

    def __call__(self, method: str, event: str, fields: dict[str, Any]) -> bytes:
        if "exc_info" in fields:
            fields = dict(structlog.processors.format_exc_info(None, method, fields))
            fields.setdefault("error", fields.pop("exception", None))
        shown: dict[str, Any] = {}
        bound = _BOUND.get()
        for name, value in ({**bound, **fields} if bound else fields).items():
            kind = type(value)
            if kind is int or (kind is str and len(value) <= _MAX_TEXT):
                shown[name] = value
            elif kind is datetime and value.microsecond and value.tzinfo is UTC:
                shown[name] = value  # orjson writes it ten times as fast; other zones and fractions of zero otherwise
            elif value is not None:
                shown[name] = _whole(value) if kind is datetime else _value(value)
        head = _head(self._service, method, event, shown.pop("message", ""))
        return b'{"timestamp":"%b",%b%b}' % (self._now(), head, b"," + _members(shown) if shown else b"")


@lru_cache(1_000)
def _head(service: str, method: str, event: str, message: str) -> bytes:
    """What all lines of an event begin with, but for the time: the members of an object. Libraries log sentences, which
    are no names of events."""
    head = {"service": service, "level": _LEVELS.get(method, "INFO"), "message": message or event.replace("_", " ")}
    return _members(head | ({"event": event} if event.isidentifier() else {}))


def _members(shown: dict[str, Any]) -> bytes:
    """As JSON, without the braces around them."""
    try:
        return orjson.dumps(shown, default=str, option=_OPTIONS)[1:-1]
    except TypeError:  # text that is no Unicode, as names of files may be
        return orjson.dumps({name: _encodable(value) for name, value in shown.items()}, option=_OPTIONS)[1:-1]


class _Output:
    """Writes what one turn of the event loop logged with one system call; outside a loop each line at once. Lines go
    through one buffer that stays: kept one by one, they cost three times as much in freed and faulted memory. While
    nothing takes them (a full disk, a closed pipe) lines are lost and the work goes on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = io.BufferedWriter(io.FileIO(stream.fileno(), "wb", closefd=False), _BUFFER)
        self._waits = False
        atexit.register(self.flush)

    def msg(self, line: bytes) -> None:
        try:  # noqa: SIM105  # suppress() costs as much as the write
            self._stream.write(line + b"\n")
        except OSError:
            pass
        if not self._waits:
            self._waits = True
            try:
                asyncio.get_running_loop().call_soon(self.flush)
            except RuntimeError:
                self.flush()

    def flush(self) -> None:
        self._waits = False
        with contextlib.suppress(OSError):
            self._stream.flush()


def _direct(level: int, line: _Line, out: _Output) -> type[structlog.BoundLoggerBase]:
    """A logger with one method a level, with nothing bound and nothing to pass through."""

    def method(name: str) -> Callable[..., None]:
        def write(_self: object, event: str, **fields: Any) -> None:
            out.msg(line(name, event, fields))

        def drop(_self: object, event: str, **fields: Any) -> None: ...

        return write if logging.getLevelName(_LEVELS[name]) >= level else drop

    return type("Direct", (structlog.BoundLoggerBase,), {name: method(name) for name in _LEVELS})


class _Libraries(logging.Handler):
    """Lines of libraries that use the standard library's logging."""

    def __init__(self, line: _Line, out: _Output) -> None:
        super().__init__()
        self._line, self._out = line, out

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"exc_info": record.exc_info} if record.exc_info else {}
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # the library's arguments do not fit its text
            message = str(record.msg)
        self._out.msg(self._line(record.levelname.lower(), message, fields))


def _catch_last_words() -> None:
    """What the interpreter would print as plain text becomes lines too."""
    log = structlog.get_logger()

    def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical(events.CRASHED, exc_info=(kind, error, trace))

    def unraisable(args: Any) -> None:
        log.error(events.UNRAISABLE, exc_info=(args.exc_type, args.exc_value, args.exc_traceback))

    sys.excepthook, sys.unraisablehook = crashed, unraisable
    logging.captureWarnings(True)


class _Now:
    """The time of a line; the part before the fraction is made once a second."""

    def __init__(self) -> None:
        self._second, self._text = -1, b""

    def __call__(self) -> bytes:
        second, microsecond = divmod(time.time_ns() // 1_000, 1_000_000)
        if second != self._second:
            self._second, self._text = second, rfc3339(datetime.fromtimestamp(second, UTC))[:20].encode()
        return b"%b%06dZ" % (self._text, microsecond)


def _encodable(value: Any) -> Any:
    return value if isinstance(value, int | float | datetime) else str(value).encode(errors="replace").decode()


@lru_cache(1_000)
def _whole(moment: datetime) -> str:
    """Most ticks lie on whole seconds, and many on the same."""
    return rfc3339(moment)


def _value(value: Any) -> Any:
    if type(value) is str:
        return f"{value[:1_000]} ... {value[-_MAX_TEXT + 1_000 :]}"  # the end of a traceback says most
    if isinstance(value, BaseExceptionGroup):
        return "; ".join(str(_value(error)) for error in value.exceptions[:5])
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"[:_MAX_TEXT]
    return value
