"""Content encodings: the start of a body in clear, decoded no further than the log has room for.

So what a body grows to when it is decoded costs nothing. Encodings that the worker cannot decode are no failure: only
the log needs the body.
"""

import zlib
from typing import Final

ACCEPTED: Final = "gzip, deflate"
"""Accept-Encoding of a job that names none."""
_MAX_MEMBERS: Final = 16
"""gzip members that are decoded in one body; each costs a copy of the bytes that follow it."""
_GZIP: Final = zlib.MAX_WBITS + 16


class UndecodableError(Exception):
    """The body cannot be decoded; the message says why."""


class Decoder:
    """Decodes a body piece by piece. `encoding`: the value of Content-Encoding."""

    def __init__(self, encoding: str) -> None:
        names = [name for part in encoding.lower().split(",") if (name := part.strip()) not in ("", "identity")]
        self.name = ", ".join(names)
        self._zlib: zlib._Decompress | None = None
        self._members = 1

    def decode(self, data: bytes, room: int) -> bytes:
        """Return at most `room` bytes of the next piece in clear. Raises `UndecodableError`."""
        if not self.name:
            return data[:room]
        if not data or room <= 0:
            return b""
        if self._zlib is None:
            self._zlib = self._new(data)
        try:
            return self._decoded(self._zlib, data, room)
        except zlib.error as error:
            raise UndecodableError(f"it is not {self.name}: {error}") from None

    def missing(self) -> str | None:
        """Return what is missing at the end of the body, if anything is."""
        ended = self._zlib is None or self._zlib.eof
        return None if ended else f"its {self.name} ends too early"

    def _new(self, data: bytes) -> "zlib._Decompress":
        if self.name in ("gzip", "x-gzip"):
            return zlib.decompressobj(_GZIP)
        if self.name == "deflate":  # some servers leave out the header of two bytes that RFC 9110 asks for
            return zlib.decompressobj(zlib.MAX_WBITS if data[0] & 0x0F == 8 else -zlib.MAX_WBITS)
        raise UndecodableError(f"it is encoded as {self.name[:100]}")

    def _decoded(self, decoder: "zlib._Decompress", data: bytes, room: int) -> bytes:
        clear = decoder.decompress(data, room)
        while decoder.eof and decoder.unused_data and len(clear) < room and self._members < _MAX_MEMBERS:
            self._members += 1
            rest = decoder.unused_data
            decoder = self._zlib = self._new(rest)
            clear += decoder.decompress(rest, room - len(clear))
        return clear
