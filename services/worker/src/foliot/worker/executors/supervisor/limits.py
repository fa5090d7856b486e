"""Limits of a script's process, set right before its program starts: bounded, unprivileged, alone."""

import os
import resource
import signal
from typing import Final

from foliot.worker.executors.supervisor import linux

RESOURCES: Final = {
    "cpu_seconds": resource.RLIMIT_CPU,
    "memory_bytes": resource.RLIMIT_AS,
    "file_bytes": resource.RLIMIT_FSIZE,
    "open_files": resource.RLIMIT_NOFILE,
    "processes": resource.RLIMIT_NPROC,
}


def confine(limits: dict[str, int], nice: int, uid: int | None) -> None:
    """Apply limits, become `uid` (None: stay) without any privilege, die with the parent."""
    os.nice(nice)
    os.umask(0o022)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, value in limits.items():
        _limit(RESOURCES[name], value)
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    linux.forbid_new_privileges()
    linux.die_with_parent(signal.SIGKILL)  # after the last change of credentials, which forgets it


def _limit(kind: int, value: int) -> None:
    """Set the soft and the hard limit, neither above the hard one of now. For CPU the hard one is a second more: from
    XCPU to KILL."""
    _, hard = resource.getrlimit(kind)
    most = value + 1 if kind == resource.RLIMIT_CPU else value
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(kind, (min(value, most), most))


def tasks_of(uid: int) -> int:
    """Count the threads of a user's processes: RLIMIT_NPROC counts all of them, not only the script's."""
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == uid:
                    count += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                continue
    return count
