"""The pipe that a script prints into; it is read into the attempt's bounded `Output`, however much comes."""

import asyncio
import contextlib
import os
from typing import Final, Self

from foliot.worker.output import Output

_CHUNK: Final = 64 * 1024
"""Bytes of one read: as much as a pipe holds by default."""
_BURST: Final = 1024 * 1024
"""Bytes after which reading pauses."""
_PAUSE: Final = 0.01
"""Seconds of a pause: the rest of the worker gets the loop in this time."""


class OutputPipe:
    """A pipe read by the event loop; `write_end` is for the script.

    Endless output neither blocks the script nor fills memory. After each MiB comes a pause of 10 ms: with it a script
    that prints without end is read at 100 MB/s and costs the loop 3 % of its time instead of all of it.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._loop = asyncio.get_running_loop()
        self._read_end, self.write_end = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._read_end, False)
        self._burst = 0
        self._paused: asyncio.TimerHandle | None = None
        self._ended = asyncio.Event()

    def __enter__(self) -> Self:
        self._loop.add_reader(self._read_end, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_reading()
        self.close_write_end()
        os.close(self._read_end)

    def close_write_end(self) -> None:
        """Close the worker's own copy: the output ends when every process has closed its copy."""
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    async def drain(self, seconds: float) -> None:
        """After the end of the script: read the rest, until the output ends or `seconds` have passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

    def _read(self) -> None:
        try:
            data = os.read(self._read_end, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._stop_reading()
            self._ended.set()
            return
        self._output.write(data)
        self._burst += len(data)
        if self._burst >= _BURST:
            self._burst = 0
            self._loop.remove_reader(self._read_end)
            self._paused = self._loop.call_later(_PAUSE, self._resume)

    def _resume(self) -> None:
        self._paused = None
        self._loop.add_reader(self._read_end, self._read)

    def _stop_reading(self) -> None:
        if self._paused is not None:
            self._paused.cancel()
            self._paused = None
        self._loop.remove_reader(self._read_end)
