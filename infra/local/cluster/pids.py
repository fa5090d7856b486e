"""Which process a pid means: pids are reused, and a zombie still has one."""

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    pid: int
    started: int  # clock ticks after boot


def identify(pid: int) -> Identity | None:
    """The living process with this pid. A zombie counts as dead: who reaps it may take its time."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else Identity(pid, int(fields[18]))


def alive(identity: Identity) -> bool:
    return identify(identity.pid) == identity


async def exited(pidfd: int) -> None:
    """Returns when the process behind the descriptor has ended, whoever is its parent."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(pidfd, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(pidfd)


async def stop(identity: Identity, stop_signal: signal.Signals, grace: float) -> None:
    """Ask the process to end, and after its grace make it. Works for processes that are not our children."""
    try:
        pidfd = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return
    try:
        if not alive(identity):
            return
        await _signal_until_exited(pidfd, stop_signal, grace)
    finally:
        os.close(pidfd)


async def _signal_until_exited(pidfd: int, stop_signal: signal.Signals, grace: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, stop_signal)
        signal.pidfd_send_signal(pidfd, signal.SIGCONT)  # a stopped process sees no signal but KILL
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await exited(pidfd)
            return
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        await exited(pidfd)
