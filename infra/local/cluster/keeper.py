"""Keeps one part of the cluster as it should be."""

import asyncio
import contextlib
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from cluster.definition import Definition, Part, Step
from cluster.errors import ClusterError, NotReady
from cluster.logfile import open_log
from cluster.pids import Identity
from cluster.probes import ready
from cluster.process import Process, spawn
from cluster.state import Entry

FIRST_DELAY, LONGEST_DELAY = 0.5, 10.0
MOST_DOUBLINGS = 10  # beyond a thousand a float overflows
STEADY_AFTER = 20.0  # ready for so long: its next death is the first again


class Keeper:
    """Starts its part, and again when it dies. `tell` is called after each change of `entry`."""

    def __init__(self, part: Part, log: Path, tell: Callable[[Entry], None]) -> None:
        self.part = part
        self.entry = Entry.of(part)
        self.was_ready = asyncio.Event()
        self._hurry = asyncio.Event()
        self._log = log
        self._tell = tell
        self._process: Process | None = None

    async def keep(self) -> None:
        while True:
            why, lasted = await self._once()
            if lasted > STEADY_AFTER:
                self.entry.failures = 0
            delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(self.entry.failures, MOST_DOUBLINGS))
            self.entry.failures += 1
            self._enter(f"{why}, again in {delay:g} s")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):  # wait_for would swallow a cancellation right after `hurry`
                    await self._hurry.wait()
                self.entry.failures = 0

    def hurry(self) -> None:
        """Do not wait any longer for the next try: the cause may be fixed."""
        self._hurry.set()
        self._hurry.clear()

    async def stop(self) -> None:
        """To be called when nobody is in `keep` any more."""
        process = self._process
        if isinstance(self.part, Definition) and process is not None and process.status is None:
            self._enter("stops", process=process.identity)
            await process.stop(self.part.stop_signal, self.part.grace)
        self._enter("stopped")

    async def _once(self) -> tuple[str, float]:
        """Returns why it is not there any more, and for how many seconds it was ready."""
        try:
            self._enter("prepares")
            await self.part.prepare(self._log)
            if isinstance(self.part, Step):
                self._enter("done", ready=True)
                await asyncio.Event().wait()  # nothing is left to keep
                return "ended", 0.0
            return await self._live(self.part)
        except (ClusterError, NotReady, OSError) as error:
            self._note(f"{self.part.name}: {error}\n")
            return str(error).partition("\n")[0], 0.0
        except Exception as error:  # one that cannot be prepared must not take the others along
            self._note(traceback.format_exc())
            return f"{type(error).__name__}: {error}", 0.0

    async def _live(self, definition: Definition) -> tuple[str, float]:
        wrap = definition.wrap()
        self._process = process = spawn(definition.command, definition.environment, self._log, wrap=wrap)
        self._enter("starts", process=process.identity)  # noted before the gate opens
        process.go()
        if not await ready(definition.probe, process, self._not_ready_because):
            return _death(await process.exited()), 0.0
        began = time.monotonic()
        self._enter("ready", ready=True, process=process.identity)
        status = await process.exited()
        return _death(status), time.monotonic() - began

    def _not_ready_because(self, why: str) -> None:
        self._enter(f"starts: {why}", process=self.entry.process)

    def _enter(self, phase: str, *, ready: bool = False, process: Identity | None = None) -> None:
        self.entry.phase, self.entry.ready, self.entry.process = phase, ready, process
        if ready:
            self.was_ready.set()
        self._tell(self.entry)

    def _note(self, text: str) -> None:
        with open_log(self._log) as log:
            log.write(text.encode())


def _death(status: int) -> str:
    return f"died of signal {-status}" if status < 0 else f"ended with status {status}"
