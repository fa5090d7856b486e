"""Removal of the directories that scripts leave, in processes of their own: a large tree must not hold up the
supervisor."""

import os
import select

from foliot.worker.executors.supervisor import linux
from foliot.worker.executors.supervisor.directories import remove_if_small, remove_tree


class Removals:
    """Processes that remove directories; their pidfds are in `poll`."""

    def __init__(self, poll: select.poll) -> None:
        self._poll = poll
        self._pids: dict[int, int] = {}

    @property
    def pids(self) -> set[int]:
        """The processes at work."""
        return set(self._pids.values())

    def remove(self, directory: str) -> None:
        """Remove a small directory at once, and start a process for a large one."""
        if remove_if_small(directory):
            return
        pid, pidfd = linux.clone(0)
        if pid == 0:
            try:
                os.nice(10)
                remove_tree(directory)
            finally:
                os._exit(0)
        self._pids[pidfd] = pid
        self._poll.register(pidfd, select.POLLIN)

    def ended(self, pidfd: int) -> bool:
        """Reap the process that has ended; False if the descriptor is not one of a removal."""
        if pidfd not in self._pids:
            return False
        self._poll.unregister(pidfd)
        os.waitpid(self._pids.pop(pidfd), 0)
        os.close(pidfd)
        return True
