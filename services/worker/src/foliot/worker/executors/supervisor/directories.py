"""The directories in which scripts run: one for each attempt, below one that belongs to this supervisor while it
lives."""

import contextlib
import fcntl
import os
import time
from typing import Final

_NEW: Final = ".new-"
"""Prefix of a supervisor's directory that is made, but not locked yet."""
_MAKING_SECONDS: Final = 60.0
"""Seconds after which a directory with that prefix is abandoned: to make and lock one takes far less."""
_OPEN: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Directories:
    """The supervisor's own directory. Its lock ends with the supervisor, and then others may remove the directory."""

    def __init__(self, root: str) -> None:
        """Raises OSError if `root` cannot be made or belongs to somebody else."""
        self._root = root
        with contextlib.suppress(FileExistsError):
            os.makedirs(root, 0o711)
        fd = os.open(root, _OPEN)
        try:
            if os.fstat(fd).st_uid != os.geteuid():
                raise PermissionError(f"{root} belongs to another user; choose another directory")
            os.fchmod(fd, 0o711)
        finally:
            os.close(fd)
        name = f"{os.getpid()}-{os.urandom(4).hex()}"
        unlocked = os.path.join(root, f"{_NEW}{name}")
        self.own = os.path.join(root, name)
        os.mkdir(unlocked, 0o711)
        self._lock = os.open(unlocked, _OPEN)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        os.rename(unlocked, self.own)

    def abandoned(self) -> list[str]:
        """Return the directories of supervisors that died."""
        found = []
        for name in os.listdir(self._root):
            path = os.path.join(self._root, name)
            try:
                fd = os.open(path, _OPEN)
            except OSError:
                continue
            try:
                if name.startswith(_NEW) and time.time() - os.fstat(fd).st_mtime < _MAKING_SECONDS:
                    continue
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                found.append(path)
            except BlockingIOError:
                pass
            finally:
                os.close(fd)
        return found

    def of(self, key: int) -> str:
        """Return the directory of the attempt with this key."""
        return os.path.join(self.own, str(key))


def make(directory: str, script: str, uid: int | None) -> tuple[str, str, str]:
    """Make an attempt's directory; return the script's file, the empty working directory, and an empty one for memory.

    Only the attempt's user may look into it. Raises OSError.
    """
    file, work, memory = f"{directory}/script", f"{directory}/work", f"{directory}/memory"
    for path in (directory, work, memory):
        os.mkdir(path, 0o700)
    with open(file, "xb", buffering=0) as target:
        target.write(script.encode())
        os.fchmod(target.fileno(), 0o500)
    if uid is not None:
        for path in (file, work, memory, directory):
            os.chown(path, uid, uid)
    return file, work, memory


def remove_if_small(directory: str) -> bool:
    """Remove the directory of a script that left no files of its own; False if there is more in it."""
    try:
        os.rmdir(f"{directory}/work")
        os.rmdir(f"{directory}/memory")
        os.unlink(f"{directory}/script")
        os.rmdir(directory)
    except FileNotFoundError:
        return not os.path.exists(directory)
    except OSError:
        return False
    return True
