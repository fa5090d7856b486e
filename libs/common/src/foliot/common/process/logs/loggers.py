"""The two ways to a line: our loggers, and the standard library's logging that libraries use."""

from __future__ import annotations

import logging
from typing import Any

import structlog

from foliot.common.process.logs.line import Line
from foliot.common.process.logs.output import Output


class Lines:
    """Writes the lines of our loggers, from the level `lowest` on."""

    def __init__(self, line: Line, output: Output, lowest: int) -> None:
        self._line, self._output = line, output
        self._written = frozenset(
            name for name in ("debug", "info", "warning", "error", "critical")
            if logging.getLevelName(name.upper()) >= lowest
        )  # fmt: skip

    def write(self, method: str, event: str, fields: dict[str, Any]) -> None:
        if method in self._written:
            self._output.write(self._line(method, event, fields))


class Logger(structlog.BoundLoggerBase):
    """Our logger, over Lines: a method per level, which binds nothing and runs no chain of processors."""

    def debug(self, event: str, **fields: Any) -> None:
        self._logger.write("debug", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        self._logger.write("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._logger.write("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._logger.write("error", event, fields)

    def critical(self, event: str, **fields: Any) -> None:
        self._logger.write("critical", event, fields)


class Libraries(logging.Handler):
    """Makes lines of what libraries log."""

    def __init__(self, line: Line, output: Output) -> None:
        super().__init__()
        self._line, self._output = line, output

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"exc_info": record.exc_info} if record.exc_info else {}
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # the library's arguments do not fit its text
            message = str(record.msg)
        self._output.write(self._line(record.levelname.lower(), message, fields))
