"""One JSON object a line on stdout, in the seed's format, for our lines and for the libraries'."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson
import structlog

from foliot.common.clock import rfc3339

_MAX_TEXT = 4_000  # a line stays below 16 KB, where log drivers split lines


def configure(service: str, level: str, stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream` (stdout by default) as JSON of the service `service`."""
    out = stream or sys.stdout
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        _shape(service),
    ]
    structlog.configure(
        processors=[*shared, _render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(logging.getLevelName(level), logging.INFO), force=True)
    for noisy in ("aiozk", "aiormq", "asyncio", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL if noisy in ("aiozk", "aiormq") else logging.WARNING)


def _shape(service: str) -> structlog.types.Processor:
    def shape(_logger: object, method: str, event_dict: structlog.types.EventDict) -> structlog.types.EventDict:
        event = str(event_dict.pop("event", ""))
        line: dict[str, Any] = {
            "timestamp": rfc3339(datetime.now(UTC)),
            "service": service,
            "level": str(event_dict.pop("level", method))
            .upper()
            .replace("WARN", "WARNING")
            .replace("WARNINGING", "WARNING"),
            "message": event_dict.pop("message", None) or event.replace("_", " "),
        }
        if event.replace("_", "").isalnum() and " " not in event:
            line["event"] = event
        if exception := event_dict.pop("exception", None):
            event_dict.setdefault("error", exception)
        for name, value in event_dict.items():
            if value is not None:
                line[name] = _value(value)
        return line

    return shape


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        return f"{value[:1_000]} ... {value[-_MAX_TEXT + 1_000 :]}"  # the end of a traceback says most
    if isinstance(value, BaseExceptionGroup):
        return "; ".join(str(_value(error)) for error in value.exceptions[:5])
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"[:_MAX_TEXT]
    return value


def _render(_logger: object, _method: str, event_dict: structlog.types.EventDict) -> str:
    return orjson.dumps(event_dict, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
