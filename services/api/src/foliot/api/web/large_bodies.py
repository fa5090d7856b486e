"""Large bodies: those that only a few operations take. Few are held at once, so that they cannot fill the memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from aiohttp import hdrs, web

from foliot.common.errors import Busy

USUAL_BYTES = 1024 * 1024
"""A body is large above it, or if its length is not told, as that of a compressed one."""
PLACES = 4
"""Large bodies of one process at any time, from the first byte to the answer: each of at most 32 MiB, and some times as
much while it is read."""


class _Places:
    def __init__(self) -> None:
        self.taken = 0


_places = _Places()


@contextlib.contextmanager
def place_for(request: web.Request) -> Iterator[None]:
    """Raises Busy if there is none."""
    length = None if hdrs.CONTENT_ENCODING in request.headers else request.content_length
    if length is not None and length <= USUAL_BYTES:
        yield
        return
    if _places.taken >= PLACES:
        raise Busy("too many large bodies are being read: try again, or send fewer jobs at once")
    _places.taken += 1
    try:
        yield
    finally:
        _places.taken -= 1
