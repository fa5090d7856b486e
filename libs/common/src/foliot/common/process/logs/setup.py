"""The setup of a process's log lines, its last words included."""

from __future__ import annotations

import logging
import sys
from types import TracebackType
from typing import Any, TextIO

import structlog

from foliot.common.process import events
from foliot.common.process.logs.line import Line
from foliot.common.process.logs.loggers import Libraries, Lines, Logger
from foliot.common.process.logs.output import Output

_LIBRARY_LEVELS = {
    "aiozk": logging.CRITICAL,
    "aiormq": logging.CRITICAL,
    "asyncio": logging.WARNING,
    "aiohttp.access": logging.WARNING,
}
"""Lowest level of noisy libraries: errors of aiozk and aiormq reach our code, which logs them itself."""


def configure(service: str, level: str, stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream` (stdout by default) as JSON of the service `service`.

    `level`: the lowest that is written; libraries never write DEBUG.
    """
    lowest: int = logging.getLevelName(level)
    line, output = Line(service), Output((stream or sys.stdout).buffer)
    lines = Lines(line, output, lowest)
    structlog.configure(logger_factory=lambda *_: lines, wrapper_class=Logger, cache_logger_on_first_use=True)
    logging.basicConfig(handlers=[Libraries(line, output)], level=max(lowest, logging.INFO), force=True)
    for library, lowest_of_library in _LIBRARY_LEVELS.items():
        logging.getLogger(library).setLevel(lowest_of_library)
    _catch_last_words()


def _catch_last_words() -> None:
    """Make lines of warnings and of errors that the interpreter would print as plain text."""
    log = structlog.get_logger()

    def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical(events.CRASHED, exc_info=(kind, error, trace))

    def unraisable(args: Any) -> None:
        log.error(events.UNRAISABLE, exc_info=(args.exc_type, args.exc_value, args.exc_traceback))

    sys.excepthook, sys.unraisablehook = crashed, unraisable
    logging.captureWarnings(True)
