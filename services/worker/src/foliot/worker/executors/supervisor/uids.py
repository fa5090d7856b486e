"""User ids for scripts: one for each attempt, so that neither limits nor signals nor files of one touch another's."""

import errno
import pwd
import socket
from collections import deque


class Uids:
    """A block of ids that no other supervisor of this machine uses: its lock is a socket's name that ends with this
    process.

    Raises OSError if every block of the `count` ids from `first` on is taken, or if an id belongs to a user.
    """

    def __init__(self, first: int, count: int, block: int) -> None:
        for start in range(first, first + count - block + 1, block):
            self._lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                self._lock.bind(f"\0foliot-script-uids-{start}")
            except OSError as error:
                self._lock.close()
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                self._free = deque(range(start, start + block))
                _check_unused(self._free)
                return
        raise OSError(errno.EADDRINUSE, f"no free user ids for scripts in {first}..{first + count - 1}")

    def take(self) -> int:
        """Return the id that has been free for the longest time. Raises OSError if all are in use."""
        if not self._free:
            raise OSError(errno.EAGAIN, "all user ids for scripts are in use")
        return self._free.popleft()

    def give_back(self, uid: int) -> None:
        """Return an id whose processes are all gone."""
        self._free.append(uid)


def _check_unused(uids: deque[int]) -> None:
    for user in pwd.getpwall():
        if uids[0] <= user.pw_uid <= uids[-1]:
            raise OSError(errno.EEXIST, f"user id {user.pw_uid} for scripts belongs to {user.pw_name}")
