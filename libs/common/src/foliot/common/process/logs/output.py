"""The output of lines: one buffer, written with one system call per turn of the event loop."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import io
from typing import BinaryIO

_BUFFER = 64 * 1024
"""Bytes, about 200 lines: few turns write more, and those need a second system call."""


class Output:
    """Writes the lines of one turn of the event loop together; outside a loop it writes each line at once.

    The buffer stays: lines kept one by one cost three times as much in freed and faulted memory. While nothing takes
    the lines (a full disk, a closed pipe), they are lost and the work goes on.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = io.BufferedWriter(io.FileIO(stream.fileno(), "wb", closefd=False), _BUFFER)
        self._waits = False
        atexit.register(self.flush)

    def write(self, line: bytes) -> None:
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
