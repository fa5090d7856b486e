"""System calls that Python has no name for. Linux 5.3 or newer, any architecture with clone3."""

import contextlib
import ctypes
import os
import signal
import time
from typing import Final

NEW_NAMESPACE: Final = 0x00020000  # mounts
NEW_IPC: Final = 0x08000000
NEW_USER: Final = 0x10000000
NEW_PID: Final = 0x20000000
_PIDFD: Final = 0x00001000

_CLONE3: Final = 435  # these two have the same number on every architecture
_CLOSE_RANGE: Final = 436
_SET_DEATH_SIGNAL: Final = 1
_SET_DUMPABLE: Final = 4
_SET_CHILD_SUBREAPER: Final = 36
_SET_NO_NEW_PRIVS: Final = 38
_PRIVATE: Final = 0x4000 | (1 << 18)
_BIND: Final = 0x1000
_NO_SUID_DEV: Final = 2 | 4
_NO_SUID_DEV_EXEC: Final = 2 | 4 | 8
_READ_ONLY: Final = 1
"""Numbers of the kernel's interface, from its headers: flags of clone, system calls, options of prctl, mount flags."""

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")

_libc = ctypes.PyDLL(None, use_errno=True)  # keeps the GIL: the child of a clone could not take it back
_libc.syscall.restype = ctypes.c_long


def now() -> float:
    """CLOCK_BOOTTIME in seconds: goes on while the machine sleeps, the same in every process."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def clone(namespaces: int) -> tuple[int, int]:
    """Fork into new namespaces, if any; return pid and pidfd to the parent, (0, -1) to the child.

    Raises OSError: ENOSYS or EPERM where the kernel or a container forbids namespaces (Docker's own: clone3 itself).
    """
    if not namespaces:
        pid = os.fork()
        return (pid, os.pidfd_open(pid)) if pid else (0, -1)
    pidfd = ctypes.c_int(-1)
    arguments = (ctypes.c_uint64 * 8)(namespaces | _PIDFD, ctypes.addressof(pidfd), 0, 0, signal.SIGCHLD, 0, 0, 0)
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = _libc.syscall(_CLONE3, ctypes.byref(arguments), ctypes.sizeof(arguments))
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0, -1
    error = ctypes.get_errno()
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(error, f"clone3: {os.strerror(error)}")
    return pid, pidfd.value


def close_from(first: int) -> None:
    """Close every descriptor from `first` on."""
    if _libc.syscall(_CLOSE_RANGE, ctypes.c_uint(first), ctypes.c_uint(0xFFFFFFFF), 0) < 0:
        for name in os.listdir("/proc/self/fd"):
            if int(name) >= first:
                with contextlib.suppress(OSError):
                    os.close(int(name))


def map_user(uid: int, gid: int) -> None:
    """Keep the ids of the outside within a new user namespace, in which every user is nobody at first."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "wb", buffering=0) as file:
            file.write(text.encode())


def map_every_user(pid: int) -> None:
    """Give the ids of this user namespace to the child's new one, so that files keep their owners there. For root."""
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/self/{name}") as own:
            ranges = [line.split() for line in own]
        with open(f"/proc/{pid}/{name}", "wb", buffering=0) as file:
            file.write("".join(f"{first} {first} {count}\n" for first, _, count in ranges).encode())


def forbid_user_namespaces() -> None:
    """Let nobody make a user namespace within this one, in which it would have every capability."""
    with open("/proc/sys/user/max_user_namespaces", "wb", buffering=0) as file:
        file.write(b"0")


def die_with_parent(number: signal.Signals) -> None:
    """Get the signal when the parent dies. A change of credentials forgets it."""
    _prctl(_SET_DEATH_SIGNAL, number)


def forbid_new_privileges() -> None:
    """From here on, set-uid programs and file capabilities have no effect."""
    _prctl(_SET_NO_NEW_PRIVS, 1)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose parent dies."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def hide_from_own_user() -> None:
    """Close /proc/self/environ and ptrace to other processes of the same user."""
    _prctl(_SET_DUMPABLE, 0)


def make_mounts_private() -> None:
    """Keep later mounts within this mount namespace."""
    _mount(b"none", b"/", None, _PRIVATE)


def mount_proc() -> None:
    """Show the processes of this PID namespace in /proc, and no others."""
    _mount(b"proc", b"/proc", b"proc", _NO_SUID_DEV_EXEC)


def cover(directory: str) -> None:
    """Put an empty, read-only directory over this one, within this mount namespace."""
    _mount(b"none", directory.encode(), b"tmpfs", _NO_SUID_DEV_EXEC | _READ_ONLY)


def mount_memory(directory: str, size: int) -> None:
    """Put a file system in memory over this directory: at most `size` bytes, and a file for each page of them."""
    options = f"mode=0711,size={size},nr_inodes={size // _PAGE}"
    _mount(b"none", directory.encode(), b"tmpfs", _NO_SUID_DEV, options.encode())


def bind(source: str, directory: str) -> None:
    """Show `source` in the place of this directory, within this mount namespace."""
    _mount(source.encode(), directory.encode(), None, _BIND)


def _mount(source: bytes, target: bytes, kind: bytes | None, flags: int, options: bytes | None = None) -> None:
    _check(_libc.mount(source, target, kind, ctypes.c_ulong(flags), options), "mount")


def _prctl(option: int, value: int) -> None:
    unused = ctypes.c_ulong(0)
    _check(_libc.prctl(option, ctypes.c_ulong(value), unused, unused, unused), "prctl")


def _check(answer: int, name: str) -> None:
    if answer < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
