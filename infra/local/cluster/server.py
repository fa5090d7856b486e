"""One server of a test."""

import asyncio
import signal
from pathlib import Path

from cluster.definition import Definition
from cluster.errors import ClusterError
from cluster.logfile import tail
from cluster.probes import ready
from cluster.process import Process, spawn

TRIES = 3  # a PostgreSQL that was killed may find its last backends still leaving
START_TIMEOUT = 60.0


class Server:
    """One server: killed, stalled and started again at will, on the same port and data."""

    def __init__(self, definition: Definition, log: Path) -> None:
        self.definition = definition
        self.log = log
        self._process: Process | None = None

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def port(self) -> int:
        return self.definition.port

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.status is None

    async def start(self) -> None:
        """Returns when it serves."""
        if self.running:
            return
        for _ in range(TRIES):
            await self.definition.prepare(self.log)
            self._process = self._spawn()
            self._process.go()
            async with asyncio.timeout(START_TIMEOUT):
                if await ready(self.definition.probe, self._process):
                    return
        raise ClusterError(f"{self.name} does not start: see {self.log}", tail(self.log))

    async def stop(self) -> None:
        """Gracefully; with force when its grace is over."""
        if self._process is not None:
            await self._process.stop(self.definition.stop_signal, self.definition.grace)

    async def kill(self) -> None:
        """As a crash does: nothing is told to anybody, nothing is written."""
        process = self._running()
        process.send(signal.SIGKILL)
        await process.exited()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def pause(self) -> None:
        """It keeps its connections and answers nothing, as a stalled machine does."""
        self._running().send(signal.SIGSTOP)

    def resume(self) -> None:
        self._running().send(signal.SIGCONT)

    def _running(self) -> Process:
        if self._process is None or self._process.status is not None:
            raise ClusterError(f"{self.name} is not running: start it first")
        return self._process

    def _spawn(self) -> Process:
        definition = self.definition
        return spawn(
            definition.command,
            definition.environment,
            self.log,
            wrap=definition.wrap(),
            die_with_parent=True,
        )
