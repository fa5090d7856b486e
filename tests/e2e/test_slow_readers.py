"""Slow readers and slow callers cost the API little memory and nobody else his answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

from support.eventually import eventually
from support.foliot import Foliot

HEAVY = {"script": "x" * 125_000}
JOBS, READERS, CALLERS = 200, 8, 200
MOST_MB = 250


def megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


async def opened(port: int, sent: str) -> socket.socket:
    """A connection that sends this and reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    await loop.sock_sendall(client, sent.encode())
    return client


async def test_lists_of_25_mb_and_200_slow_connections(foliot: Foliot) -> None:
    """Eight callers ask for 200 payloads of 125 KB each and read nothing; 200 others never end their request."""
    (name,) = foliot.names("api")
    api, key = foliot.services[name], foliot.http.headers["Authorization"]
    labels = {"heavy": "yes"}
    await asyncio.gather(*(foliot.create(schedule="manual", payload=HEAVY, labels=labels) for _ in range(JOBS)))
    target = "/v1/jobs?limit=200&fields=job_id,payload&label=heavy=yes"
    whole = f"GET {target} HTTP/1.1\r\nHost: h\r\nAuthorization: {key}\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for text in [whole] * READERS + ["POST /v1/jobs HTTP/1.1\r\nHost: h\r\n"] * CALLERS:
            stack.enter_context(contextlib.closing(await opened(api.port, text)))

        async def served() -> None:
            assert (await foliot.create(schedule="manual"))["job_id"] > 0
            assert (await foliot.call("GET", "/v1/jobs?limit=10"))["items"]

        await eventually(served)
        assert megabytes(api.pid) < MOST_MB
