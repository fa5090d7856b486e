"""Large answers: sent in pieces, as fast as the caller takes them, and bounded in sum.

Whoever reads slowly holds one answer, and for no longer than the connection's bound on writing; all of them together
hold no more than ROOM_BYTES.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from foliot.common.errors import Busy

LARGE_BYTES = 256 * 1024
"""An answer above it is large. A smaller one is written at once."""
ROOM_BYTES = 32 * 1024 * 1024
"""Large answers under way at any time."""
_PIECE_BYTES = 64 * 1024


class _Room:
    def __init__(self) -> None:
        self.taken = 0


_room = _Room()


class LargeAnswer(web.Response):
    """An answer that takes room while it is sent. Raises Busy if there is none."""

    def __init__(self, body: bytes, **fields: Any) -> None:
        if _room.taken + len(body) > ROOM_BYTES:
            raise Busy("too many large answers are being read: try again, or ask for fewer items by limit")
        super().__init__(body=body, **fields)

    async def write_eof(self, data: bytes = b"") -> None:
        body = self._body
        if isinstance(body, bytes) and not self._must_be_empty_body:
            self._body = None
            _room.taken += len(body)
            try:
                for at in range(0, len(body), _PIECE_BYTES):
                    await self.write(body[at : at + _PIECE_BYTES])
            finally:
                _room.taken -= len(body)
        await super().write_eof(data)
