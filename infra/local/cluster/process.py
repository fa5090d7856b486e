"""A started process, watched through a pidfd: nothing polls, nothing blocks, no thread waits."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from cluster import pids
from cluster.logfile import open_log

# Runs the command only after a line on its stdin. A starter that is killed before it has noted
# the pid leaves a shell that reads end of file and goes, not a server that nobody knows of.
GATE = ("sh", "-c", 'read -r _ && exec "$@"', "sh")
DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")


class Process:
    """A child; it is reaped as soon as it ends. Made inside a running event loop."""

    def __init__(self, popen: "subprocess.Popen[bytes]") -> None:
        self._popen = popen
        self._pidfd = os.pidfd_open(popen.pid)
        self._loop = asyncio.get_running_loop()
        self._status: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(self._pidfd, self._reap)
        self.identity = pids.identify(popen.pid) or pids.Identity(popen.pid, 0)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._popen.returncode

    def _reap(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._status.set_result(self._popen.wait())

    def go(self, text: str = "") -> None:
        """Open the gate: from here on the command runs, the text on its stdin."""
        assert self._popen.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._popen.stdin as stdin:
            stdin.write(f"go\n{text}".encode())

    def send(self, number: signal.Signals) -> None:
        if self.status is None:
            signal.pidfd_send_signal(self._pidfd, number)

    async def exited(self) -> int:
        return await asyncio.shield(self._status)

    async def exited_within(self, seconds: float) -> bool:
        await asyncio.wait({self._status}, timeout=seconds)
        return self.status is not None

    async def stop(self, stop_signal: signal.Signals, grace: float) -> int:
        if self.status is None:
            await pids.stop(self.identity, stop_signal, grace)
        return await self.exited()


def spawn(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    wrap: Sequence[str] = (),
    die_with_parent: bool = False,
) -> Process:
    """Start a command in a session of its own, its output appended to the log, waiting at the gate."""
    # Asked for after the last change of credentials, which would clear it.
    guard = DIE_WITH_PARENT if die_with_parent else ()
    with open_log(log) as output:
        return Process(
            subprocess.Popen(
                [*GATE, *wrap, *guard, *command],
                env=dict(environment),
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        )
