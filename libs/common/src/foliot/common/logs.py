"""One JSON object a line on stdout, in the seed's format, for our lines and for the libraries'."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson
import structlog

from foliot.common.clock import rfc3339

_LEVELS = {
    "debug": "DEBUG", "info": "INFO", "warn": "WARNING", "warning": "WARNING", "error": "ERROR", "exception": "ERROR",
    "critical": "CRITICAL", "fatal": "CRITICAL",
}  # fmt: skip
_MAX_TEXT = 4_000  # a line stays below 16 KB, where log drivers split lines


def configure(service: str, level: str, stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream` (stdout by default) as JSON of the service `service`."""
    out = stream or sys.stdout
    line = _line_of(service)
    structlog.configure(
        wrapper_class=_direct(logging.getLevelName(level), line),
        logger_factory=structlog.BytesLoggerFactory(out.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, line, _as_text],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(logging.getLevelName(level), logging.INFO), force=True)
    for noisy in ("aiozk", "aiormq", "asyncio", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL if noisy in ("aiozk", "aiormq") else logging.WARNING)


def _line_of(service: str) -> Callable[[object, str, structlog.types.EventDict], bytes]:
    now = _Now()

    def line(_logger: object, method: str, event_dict: structlog.types.EventDict) -> bytes:
        event = str(event_dict.pop("event", ""))
        shown: dict[str, Any] = {
            "timestamp": now(),
            "service": service,
            "level": _LEVELS.get(event_dict.pop("level", method), "INFO"),
            "message": event_dict.pop("message", None) or event.replace("_", " "),
        }
        if event.isidentifier():
            shown["event"] = event
        if event_dict.get("exc_info"):
            event_dict = dict(structlog.processors.format_exc_info(_logger, method, event_dict))
            event_dict.setdefault("error", event_dict.pop("exception", None))
        for fields in (structlog.contextvars.get_contextvars(), event_dict):
            for name, value in fields.items():
                if value is not None:
                    shown[name] = value if type(value) is int else _value(value)
        return orjson.dumps(shown, default=str, option=orjson.OPT_NON_STR_KEYS)

    return line


def _direct(level: int, line: Callable[[object, str, structlog.types.EventDict], bytes]) -> type[Any]:
    """A logger without a chain of processors: there is one, and nothing is bound."""

    class Direct(structlog.make_filtering_bound_logger(level)):  # type: ignore[misc]
        def _proxy_to_logger(self, method_name: str, event: str | None = None, **fields: Any) -> None:
            self._logger.msg(line(None, method_name, {"event": event, **fields}))

    return Direct


def _as_text(_logger: object, _method: str, line: Any) -> str:
    text: str = line.decode()
    return text


class _Now:
    """The time of a line; the part before the fraction is made once a second."""

    def __init__(self) -> None:
        self._second, self._text = -1, ""

    def __call__(self) -> str:
        second, microsecond = divmod(time.time_ns() // 1_000, 1_000_000)
        if second != self._second:
            self._second, self._text = second, rfc3339(datetime.fromtimestamp(second, UTC))[:20]
        return f"{self._text}{microsecond:06d}Z"


def _value(value: Any) -> Any:
    if type(value) is str:
        if len(value) <= _MAX_TEXT:
            return value
        return f"{value[:1_000]} ... {value[-_MAX_TEXT + 1_000 :]}"  # the end of a traceback says most
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, BaseExceptionGroup):
        return "; ".join(str(_value(error)) for error in value.exceptions[:5])
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"[:_MAX_TEXT]
    return value
