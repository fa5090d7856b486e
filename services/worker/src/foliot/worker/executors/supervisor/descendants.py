"""Killing a tree of processes without a PID namespace: by their parents, in /proc.

Complete as long as the process at the root adopts orphans: then every descendant has a path of parents to it.
"""

import contextlib
import os
import signal
from collections.abc import Collection


def descendants(root: int, spare: Collection[int] = ()) -> list[int]:
    """Return the pids below `root`, parents first, without those in `spare` and what is below them."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            children.setdefault(_parent(name), []).append(int(name))
    found = [root]
    for parent in found:
        found += [pid for pid in children.get(parent, ()) if pid not in found and pid not in spare]
    return found[1:]


def _parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # the name in parentheses may hold anything, parentheses too
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return -1


def send_all(pids: Collection[int], number: signal.Signals) -> None:
    """Signal all in this order, except those that are gone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def kill_descendants(root: int, spare: Collection[int] = ()) -> None:
    """Kill what `descendants` names; all of it is stopped first, so that nothing can fork before it is killed."""
    stopped: set[int] = set()
    while found := set(descendants(root, spare)) - stopped:
        send_all(found, signal.SIGSTOP)
        stopped |= found
    send_all(stopped, signal.SIGKILL)
