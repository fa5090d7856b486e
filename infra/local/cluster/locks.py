"""One command at a time, one supervisor at a time. The kernel lets go of a lock when its holder is dead."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Waits for another command, and says so. FileNotFoundError: that one removed the directory."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _take(descriptor):
            print("another make up, down or clean is at work here: waiting for it ...", flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not os.path.samestat(os.fstat(descriptor), os.stat(path)):
            raise FileNotFoundError(path)
        yield
    finally:
        os.close(descriptor)


def take(path: Path) -> int | None:
    """The lock as a descriptor that may be handed to a child; None: somebody has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if _take(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
