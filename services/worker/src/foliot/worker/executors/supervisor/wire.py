"""The messages between worker and supervisor: one JSON object in each packet, file descriptors beside it.

To the supervisor: {"start": id, "deadline": t} with the descriptors of an order and of the output pipe;
{"extend": t}; {"term": id}; {"kill": id}.
To the worker: {"ready": ""} or {"ready": why not} once; {"ended": id, "code": status, "signal": n or null,
"failed": null or [step, errno, message], "overdue": bool}.
`t` is in seconds of CLOCK_BOOTTIME; ids are the worker's and never used twice.
"""

import array
import json
import os
import socket
from typing import Any, Final, TypedDict

_PACKET_BYTES: Final = 64 * 1024
"""Bytes of the largest packet: scripts travel beside it, so that none comes near this."""
_FDS: Final = 2
"""Descriptors that one packet carries at most."""


class Order(TypedDict):
    """The script and its surroundings; it travels as JSON in an anonymous file, so that a packet stays small."""

    script: str
    command: list[str]
    """The interpreter's path and the arguments before the script's file."""
    args: list[str]
    env: dict[str, str]
    limits: dict[str, int]
    nice: int
    tmp_bytes: int
    """Bytes of the attempt's own /tmp and the like."""


class Settings(TypedDict):
    """The settings of a supervisor, as JSON in its argument."""

    mode: str
    directory: str
    uids: list[int]


def channel() -> tuple[socket.socket, socket.socket]:
    """Return the two ends of a channel; neither blocks, neither is inherited."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setblocking(False)
    return ends


def send(end: socket.socket, message: dict[str, Any], fds: list[int] | None = None) -> None:
    """Send one packet. Raises BlockingIOError if the other end has not read for long, OSError if it is gone."""
    packet = json.dumps(message, separators=(",", ":")).encode()
    if fds:
        socket.send_fds(end, [packet], fds, socket.MSG_NOSIGNAL)
    else:
        end.send(packet, socket.MSG_NOSIGNAL)


def receive(end: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Return the next packet and its descriptors, None at the end. Raises BlockingIOError if there is none yet."""
    size = socket.CMSG_LEN(_FDS * array.array("i").itemsize)
    packet, extra, _, _ = end.recvmsg(_PACKET_BYTES, size, socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for level, kind, data in extra:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    if not packet:
        return None
    return json.loads(packet), list(fds)


def write_order(order: Order) -> int:
    """Put the order into an anonymous file; return its descriptor."""
    fd = os.memfd_create("order", os.MFD_CLOEXEC)
    with open(fd, "wb", closefd=False) as file:
        file.write(json.dumps(order).encode())
    return fd


def read_order(fd: int) -> Order:
    """Read an order back and close it."""
    with open(fd, "rb", buffering=0) as file:
        file.seek(0)
        order: Order = json.loads(file.read())
    return order
