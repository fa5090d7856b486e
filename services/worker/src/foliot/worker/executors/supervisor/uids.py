"""User ids for scripts: one for each attempt, so that neither limits nor signals nor files of one touch another's."""

import contextlib
import errno
import fcntl
import os
import pwd
from collections import deque
from typing import Final

LOCKS: Final = "/run/foliot-script-uids"
"""The directory of the locks, one file a block. Only root can enter it: a script that could take the locks would keep
every new worker of the machine from running scripts."""


class Uids:
    """A block of ids that no other supervisor of this machine uses: its lock ends with this process.

    Raises OSError if every block of the `count` ids from `first` on is taken, or if an id belongs to a user.
    """

    def __init__(self, first: int, count: int, block: int) -> None:
        locks = _root_only(LOCKS)
        try:
            # from the last block on: workers of the release before lock other things, and take the first ones
            for start in reversed(range(first, first + count - block + 1, block)):
                if _locked(locks, str(start)):
                    self._free = deque(range(start, start + block))
                    _check_unused(self._free)
                    return
        finally:
            os.close(locks)
        raise OSError(errno.EADDRINUSE, f"no free user ids for scripts in {first}..{first + count - 1}")

    def take(self) -> int:
        """Return the id that has been free for the longest time. Raises OSError if all are in use."""
        if not self._free:
            raise OSError(errno.EAGAIN, "all user ids for scripts are in use")
        return self._free.popleft()

    def give_back(self, uid: int) -> None:
        """Return an id whose processes are all gone."""
        self._free.append(uid)


def _root_only(path: str) -> int:
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    os.fchmod(fd, 0o700)
    return fd


def _locked(locks: int, name: str) -> bool:
    """Lock a file until the end of this process; False if somebody else has it."""
    fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=locks)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return False
    return True


def _check_unused(uids: deque[int]) -> None:
    for user in pwd.getpwall():
        if uids[0] <= user.pw_uid <= uids[-1]:
            raise OSError(errno.EEXIST, f"user id {user.pw_uid} for scripts belongs to {user.pw_name}")
