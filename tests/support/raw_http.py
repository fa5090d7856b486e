"""HTTP by hand: the bytes of a request as no client library would send them, and the answer as it came."""

from __future__ import annotations

import asyncio
import contextlib
from email.parser import BytesParser
from typing import Any

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """`body`: what came after the head, as far as Content-Length says."""

    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self) -> dict[str, Any]:
        """The body as a problem; fails if it is none."""
        assert self.headers["content-type"].startswith("application/problem+json"), self
        found: dict[str, Any] = msgspec.json.decode(self.body)
        # A refusal that was kept for an Idempotency-Key is the first one, its request_id included.
        assert found["request_id"] == self.headers["x-request-id"] or self.status == 409, self
        assert found["code"], self
        assert found["status"] == self.status, self
        return found


async def read_answer(reader: asyncio.StreamReader, *, head_only: bool = False) -> Answer | None:
    """None if the connection ends without one. Interim answers are passed over."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        line, _, rest = head.partition(b"\r\n")
        status = int(line.split()[1])
        if status >= 200:
            break
    headers = {name.lower(): value for name, value in BytesParser().parsebytes(rest).items()}
    size = 0 if head_only else int(headers.get("content-length", 0))
    return Answer(status, headers, await reader.readexactly(size))


async def hang_up(port: int, *parts: bytes) -> None:
    """Send, and be gone."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
    writer.transport.abort()


async def exchange(port: int, *parts: bytes, head_only: bool = False) -> Answer | None:
    """The answer to the first request in `parts`, each of which is sent by itself; None if there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
        return await read_answer(reader, head_only=head_only)
    finally:
        writer.transport.abort()
