"""Sandbox: the confinement of scripts, proved with a script that does nothing before the first job comes."""

import asyncio
import os
import tempfile
from typing import Final, Literal

import msgspec

from foliot.common.model.payloads.script import Script
from foliot.worker.executors.attempt import Attempt
from foliot.worker.executors.script_program import command_of, text_for
from foliot.worker.executors.supervisor.link import Ending, SupervisorError, SupervisorLink
from foliot.worker.executors.supervisor.linux import hide_from_own_user, now
from foliot.worker.executors.supervisor.wire import Order, Settings

Mode = Literal["namespace", "group"]

DEFAULT_TMP_BYTES: Final = 256 * 1024**2
"""Bytes: room for what programs leave in /tmp beside their work (`sort` spills there), and still small beside the 4 GiB
of address space that each process of a script may use anyway. Large files belong into the working directory."""
_PROBE_SECONDS: Final = 10.0
"""Seconds in which the script that does nothing must end, on a machine that is just starting too."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of each process of a script; `processes` counts all processes of the script together."""

    cpu_seconds: int = 3_600
    memory_bytes: int = 4 * 1024**3
    """Bytes of address space: so many because some runtimes reserve far more than they use."""
    file_bytes: int = 1024**3
    open_files: int = 1_024
    processes: int = 256


class UidRange(msgspec.Struct, frozen=True, kw_only=True):
    """User ids that no user has. Each worker of a machine takes a block of them, each attempt one id of the block."""

    first: int = 50_000
    count: int = 10_000
    block: int = 512


class Sandbox(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of the confinement, and the start of a supervisor that keeps to them."""

    mode: Mode | None = None
    """None: the best mode that works here."""
    limits: Limits = Limits()
    uids: UidRange = UidRange()
    """For a worker that is root; without root, scripts run under the worker's own user."""
    directory: str | None = None
    """The parent of working directories, which every user must be able to reach; None: below the machine's temporary
    directory."""
    path: str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    nice: int = 5
    tmp_bytes: int = DEFAULT_TMP_BYTES
    """Bytes that an attempt may keep in its own /tmp, /var/tmp, /dev/shm and /run/lock together; in memory."""

    async def prove(self) -> tuple[Mode, SupervisorLink]:
        """Start a supervisor in the best mode that runs a script. Raises SupervisorError if none does."""
        if os.geteuid() != 0:
            hide_from_own_user()  # the worker's environment holds passwords
        problems = []
        modes: tuple[Mode, ...] = (self.mode,) if self.mode else ("namespace", "group")
        for mode in modes:
            try:
                return mode, await self._proved(mode)
            except SupervisorError as error:
                problems.append(f"{mode}: {error}")
        raise SupervisorError(f"scripts cannot be run here: {'; '.join(problems)}")

    async def open(self, mode: Mode) -> SupervisorLink:
        """Start a supervisor. Raises SupervisorError."""
        uids = [self.uids.first, self.uids.count, self.uids.block] if os.geteuid() == 0 else []
        return await SupervisorLink.open(Settings(mode=mode, directory=self._root, uids=uids))

    def order(self, attempt: Attempt, payload: Script) -> Order:
        """Return the order with which the supervisor starts an attempt."""
        return self._order(
            payload,
            {
                "TRACEPARENT": attempt.traceparent,
                "FOLIOT_JOB_ID": str(attempt.job_id),
                "FOLIOT_EXECUTION_ID": str(attempt.execution_id),
                "FOLIOT_ATTEMPT": str(attempt.attempt_number),
                "FOLIOT_SCHEDULED_TIME": attempt.scheduled_at,
            },
        )

    def _order(self, payload: Script, env: dict[str, str]) -> Order:
        command = command_of(payload)
        return Order(
            script=text_for(command, payload.script),
            command=command,
            args=list(payload.args),
            env=payload.env | env | {"PATH": self.path},
            limits=msgspec.to_builtins(self.limits),
            nice=self.nice,
            tmp_bytes=self.tmp_bytes,
        )

    @property
    def _root(self) -> str:
        return self.directory or os.path.join(tempfile.gettempdir(), f"foliot-scripts-{os.geteuid()}")

    async def _proved(self, mode: Mode) -> SupervisorLink:
        link = await self.open(mode)
        try:
            await self._probe(link)
        except BaseException:
            await link.close()
            raise
        return link

    async def _probe(self, link: SupervisorLink) -> None:
        """Run a script that does nothing; raise SupervisorError if that fails."""
        null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        ending = Ending()
        try:
            _, ended = link.start(self._order(Script(script="exit 0"), {}), null, now() + _PROBE_SECONDS)
            async with asyncio.timeout(_PROBE_SECONDS):
                ending = await ended
        except TimeoutError:
            pass
        finally:
            os.close(null)
        if ending.code != 0:
            failure = ending.failure
            problem = f"{failure.step}: {failure.reason}" if failure else f"status {ending.code}"
            raise SupervisorError(f"a script that does nothing fails ({problem}); can every user reach {self._root}?")
