"""A bound on the bytes that a server sends for one job: asyncpg holds a whole row in memory, and a row may have a
gigabyte."""

import asyncio
from typing import Any


class BoundedProtocol(asyncio.Protocol):
    """The protocol between a connection's transport and asyncpg's own; it cuts the connection at the limit."""

    def __init__(self, inner: Any, transport: asyncio.Transport) -> None:
        self._inner = inner
        self._transport = transport
        self._room = 2**63
        self.overflowed = False

    def allow(self, size: int) -> None:
        """Let `size` bytes come from now on; before the first call there is no limit."""
        self._room = size

    def data_received(self, data: bytes) -> None:
        self._room -= len(data)
        if self._room < 0:
            self.overflowed = True
            self._transport.abort()
        else:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        answer: bool | None = self._inner.eof_received()
        return answer

    def connection_lost(self, error: Exception | None) -> None:
        self._inner.connection_lost(error)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
