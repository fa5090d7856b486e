"""Reads what a script prints, however much it is, into the attempt's bounded `Output`."""

import asyncio
import contextlib
import os
from typing import Final, Self

from foliot.worker.output import Output

_CHUNK: Final = 64 * 1024
_BURST: Final = 1024 * 1024
_PAUSE: Final = 0.01


class OutputPipe:
    """A pipe read by the event loop; `write_end` is for the script.

    An endless output neither blocks the script nor fills memory. After each MiB comes a pause of 10 ms: a script
    that prints without end gets rid of 100 MB/s and costs the loop 3 % of its time instead of all of it.
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
        """Give up the worker's own copy; the end of the output is seen when all others are closed."""
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    async def drain(self, seconds: float) -> None:
        """Read what is left after the script has ended, up to its end or until the time is over."""
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
