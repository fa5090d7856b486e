"""Rows as JSON lines in the log of an attempt, as many of them as it may show."""

from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec

from foliot.worker.output import Output

MAX_LOG_BYTES: Final = 1024 * 1024
"""Bytes of JSON lines after which no more rows are read; the attempt's log keeps their first and last part."""


class RowLog:
    """The rows of one statement; `names` are those of its columns."""

    def __init__(self, names: Sequence[str], max_rows: int, output: Output) -> None:
        self._names = unique_names(names)
        self._output = output
        self._begun = output.written
        self._shown = 0
        self.room = max_rows + 1
        """Rows that may come: one more than are shown, so that the log can say that there are more."""

    def take(self, rows: Sequence[asyncpg.Record]) -> bool:
        """Write the rows; False when no more are shown."""
        for row in rows:
            self.room -= 1
            if not self.room or self._output.written - self._begun > MAX_LOG_BYTES:
                self._output.write_text(f"... only the first {self._shown} rows ...\n")
                return False
            self._output.write(line(self._names, row))
            self._shown += 1
        return True


def unique_names(names: Sequence[str]) -> list[str]:
    """Return the column names, with `_2`, `_3`, ... appended to those that come again."""
    unique: list[str] = []
    for name in names:
        number, candidate = 1, name
        while candidate in unique:
            number += 1
            candidate = f"{name}_{number}"
        unique.append(candidate)
    return unique


def line(names: Sequence[str], row: asyncpg.Record) -> bytes:
    """Return one row as a JSON object and a line break."""
    return msgspec.json.encode(dict(zip(names, row.values(), strict=True))) + b"\n"
