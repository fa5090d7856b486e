"""Free ports on loopback, below the range that the kernel gives to outgoing connections."""

import errno
import random
import socket
from collections.abc import Collection, Iterable, Mapping

from cluster.definition import HOST
from cluster.errors import ClusterError

RANGE = range(20_000, 30_000)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Ports of servers that have just ended count as free, as they do for the servers themselves.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def choose(
    names: Iterable[str], remembered: Mapping[str, int] | None = None, taken: Collection[int] = ()
) -> dict[str, int]:
    """A free port for each name: the remembered one, or another if somebody took it meanwhile.

    At random, so that two clusters that start at the same moment hardly ever meet.
    """
    chosen: dict[str, int] = {}
    for name in names:
        used = {*taken, *chosen.values()}
        before = (remembered or {}).get(name)
        free = before is not None and before not in used and is_free(before)
        chosen[name] = before if before is not None and free else _any_free(used)
    return chosen


def _any_free(used: Collection[int]) -> int:
    for port in random.sample(RANGE, 200):
        if port not in used and is_free(port):
            return port
    raise ClusterError(f"no free port between {RANGE.start} and {RANGE.stop - 1}: stop what listens there")
