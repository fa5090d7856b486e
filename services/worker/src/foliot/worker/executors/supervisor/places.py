"""The places in which programs leave things beside their work: each attempt gets its own ones, in memory and bounded.

What it leaves there is gone with it. Without that, a later attempt that gets the same user id could read it, and it
would fill the machine's disk and memory for ever.
"""

import os
from typing import Final

from foliot.worker.executors.supervisor import linux

PLACES: Final = ("/tmp", "/var/tmp", "/dev/shm", "/run/lock")  # noqa: S108 - that is what they are
"""Directories that every user of a machine may write to."""
_PATH: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


def cover_places(directory: str, memory: str, size: int) -> None:
    """Put empty directories over PLACES in this mount namespace, with `size` bytes for all of them together.

    `memory`: an empty directory in the attempt's `directory`, which stays reachable by its path although it usually
    lies in one of PLACES.
    """
    os.umask(0o022)  # the way to the directory must stay open to the script's user
    linux.mount_memory(memory, size)
    own, root = os.open(directory, _PATH), os.open(memory, _PATH)
    places = [place for place in PLACES if os.path.isdir(place)]
    for number, _ in enumerate(places):
        os.mkdir(str(number), dir_fd=root)
        os.chmod(f"/proc/self/fd/{root}/{number}", 0o1777)  # noqa: S103 - as /tmp itself
    for number, place in enumerate(places):
        linux.bind(f"/proc/self/fd/{root}/{number}", place)
    if not os.path.isdir(directory):
        os.makedirs(directory)
        linux.bind(f"/proc/self/fd/{own}", directory)
    os.close(own)
    os.close(root)
