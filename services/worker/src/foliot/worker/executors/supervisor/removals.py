"""Removal of the directories that scripts leave, in processes of their own: a large tree must not hold up the
supervisor."""

import contextlib
import os
import select
from collections import deque
from collections.abc import Iterator
from itertools import count
from typing import Final

from foliot.worker.executors.supervisor import linux
from foliot.worker.executors.supervisor.directories import remove_if_small

_AT_ONCE: Final = 4
"""Processes that remove at the same time: the others wait, so that no number of large trees takes the machine."""
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Removals:
    """Processes that remove directories; their pidfds are in `poll`."""

    def __init__(self, poll: select.poll) -> None:
        self._poll = poll
        self._pids: dict[int, int] = {}
        self._waiting: deque[str] = deque()

    @property
    def pids(self) -> set[int]:
        """The processes at work."""
        return set(self._pids.values())

    def remove(self, directory: str) -> None:
        """Remove a small directory at once, and a large one in a process, as soon as fewer than 4 are at work.

        What waits when this process ends is swept by the next one.
        """
        if not remove_if_small(directory):
            self._waiting.append(directory)
            self._start_next()

    def ended(self, pidfd: int) -> bool:
        """Reap the process that has ended; False if the descriptor is not one of a removal."""
        if pidfd not in self._pids:
            return False
        self._poll.unregister(pidfd)
        os.waitpid(self._pids.pop(pidfd), 0)
        os.close(pidfd)
        self._start_next()
        return True

    def _start_next(self) -> None:
        while self._waiting and len(self._pids) < _AT_ONCE:
            pid, pidfd = linux.clone(0)
            if pid == 0:
                try:
                    linux.close_from(3)  # the locks of this process must end with it
                    os.nice(10)
                    remove_tree(self._waiting[0])
                finally:
                    os._exit(0)
            self._waiting.popleft()
            self._pids[pidfd] = pid
            self._poll.register(pidfd, select.POLLIN)


def remove_tree(directory: str) -> None:
    """Remove everything, without following links; the rest, if any, stays for the next sweep.

    A directory in a directory is moved to the top before its own content is looked at. So neither the depth of a tree
    nor the length of its paths counts: a script may nest directories deeper than a path, a stack or the number of
    descriptors allows.
    """
    with contextlib.suppress(OSError):
        os.chmod(directory, 0o700)
        top = os.open(directory, _DIRECTORY)
        names = (f".{os.getpid()}-{number}" for number in count())
        while sum(_emptied(top, name, names) for name in os.listdir(top)):
            pass
        os.rmdir(directory)


def _emptied(top: int, name: str, names: Iterator[str]) -> bool:
    """Remove one entry of `top`, except for directories in it: they move up into `top`. True if anything changed."""
    changed = False
    with contextlib.suppress(OSError):
        if _unlinked(top, name):
            return True
        directory = os.open(name, _DIRECTORY, dir_fd=top)
        try:
            for child in os.listdir(directory):
                with contextlib.suppress(OSError):
                    if not _unlinked(directory, child):
                        os.rename(child, next(names), src_dir_fd=directory, dst_dir_fd=top)
                    changed = True
        finally:
            os.close(directory)
        os.rmdir(name, dir_fd=top)
        changed = True
    return changed


def _unlinked(directory: int, name: str) -> bool:
    """Remove a file, or make a directory ready to be read and moved and return False."""
    try:
        os.unlink(name, dir_fd=directory)
    except IsADirectoryError:
        os.chmod(name, 0o700, dir_fd=directory)
        return False
    return True
