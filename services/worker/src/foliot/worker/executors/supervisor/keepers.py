"""The supervisor's side of the keepers: launching, killing, and reading how each ended."""

import contextlib
import json
import os
import signal
from collections.abc import Collection
from typing import Any, NamedTuple

from foliot.worker.executors.supervisor import linux
from foliot.worker.executors.supervisor.descendants import descendants, kill_descendants
from foliot.worker.executors.supervisor.directories import Directories
from foliot.worker.executors.supervisor.keeper import KILL_ALL, Inherited, keep
from foliot.worker.executors.supervisor.limits import tasks_of
from foliot.worker.executors.supervisor.uids import Uids
from foliot.worker.executors.supervisor.wire import Settings


class Launched(NamedTuple):
    """A keeper that runs."""

    pid: int
    pidfd: int
    report: int
    directory: str
    uid: int | None


class Keepers:
    """Launches and ends keepers in the mode of the settings."""

    def __init__(self, settings: Settings, directories: Directories) -> None:
        """Raises OSError if the user ids are taken."""
        self._namespaces = _namespaces(settings["mode"])
        self._directories = directories
        self._uids = Uids(*settings["uids"]) if settings["uids"] else None
        self._own = os.pidfd_open(os.getpid())
        self._null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)

    @property
    def use_namespaces(self) -> bool:
        """True if the kernel kills everything of an attempt with its keeper."""
        return bool(self._namespaces)

    def launch(self, key: int, order: int, output: int) -> Launched:
        """Start the keeper of an attempt. Raises OSError."""
        uid = self._uids.take() if self._uids else None
        report, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        inherited = Inherited(
            order=order,
            output=output,
            report=write,
            null=self._null,
            supervisor=self._own,
            directory=self._directories.of(key),
            uid=uid,
            namespace=self.use_namespaces,
            own_user=(os.getuid(), os.getgid()) if self._namespaces & linux.NEW_USER else None,
            extra_processes=self._others(),
        )
        try:
            pid, pidfd = linux.clone(self._namespaces)
            if pid == 0:
                keep(inherited)
        except OSError:
            os.close(report)
            self._give_back(uid)
            raise
        finally:
            os.close(write)
        return Launched(pid, pidfd, report, inherited.directory, uid)

    def kill(self, keeper: Launched) -> None:
        """Kill the attempt; without a namespace the keeper has to do it, and its script may hold it up."""
        if self._namespaces:
            os.kill(keeper.pid, signal.SIGKILL)
        else:
            os.kill(keeper.pid, KILL_ALL)
            os.kill(keeper.pid, signal.SIGCONT)

    def kill_stubborn(self, keeper: Launched) -> None:
        """Kill the attempt and its keeper without its help."""
        kill_descendants(keeper.pid)
        os.kill(keeper.pid, signal.SIGKILL)

    def reap(self, keeper: Launched, known: Collection[int]) -> dict[str, Any]:
        """Return `code`, `signal` and `failed` of a keeper that has ended. `known`: the supervisor's other children."""
        _, status = os.waitpid(keeper.pid, 0)
        os.close(keeper.pidfd)
        if os.WIFSIGNALED(status) and not self._namespaces:
            _kill_strays(known)
        self._give_back(keeper.uid)
        report = _read_report(keeper.report)
        code = os.waitstatus_to_exitcode(status)
        number = report.get("signal") or (-code if code < 0 else None)
        return {"code": 128 + number if number else code, "signal": number, "failed": report.get("failed")}

    def _others(self) -> int:
        """Count the other processes of the script's user, where the script has no user of its own.

        Counted for each attempt: another script may have started hundreds of processes since the last count.
        """
        return 0 if self._uids or self._namespaces else tasks_of(os.getuid())

    def _give_back(self, uid: int | None) -> None:
        if self._uids and uid is not None:
            self._uids.give_back(uid)


def _kill_strays(known: Collection[int]) -> None:
    """Kill the processes of a keeper that was killed by its own script: they are children of the supervisor now."""
    while strays := descendants(os.getpid(), known):
        kill_descendants(os.getpid(), known)
        for pid in strays:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _read_report(fd: int) -> dict[str, Any]:
    with open(fd, "rb") as file:
        text = (file.read() or b"").decode(errors="replace")
    # of two reports, one after the other, the first has the reason
    report: dict[str, Any] = json.JSONDecoder().raw_decode(text)[0] if text else {}
    return report


def _namespaces(mode: str) -> int:
    if mode == "group":
        return 0
    own_user = 0 if os.geteuid() == 0 else linux.NEW_USER
    return linux.NEW_PID | linux.NEW_NAMESPACE | linux.NEW_IPC | own_user
