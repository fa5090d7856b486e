"""Output of an attempt: its first and its last part, in bounded memory."""

from typing import Final

LIMIT: Final = 10 * 1024
"""Maximum bytes of UTF-8 that `text()` returns, its notice of the cut included."""

_HEAD: Final = LIMIT // 2
"""Bytes kept of the beginning."""
_TAIL: Final = LIMIT
"""Bytes kept of the end: more than is shown, since head and notice take their part of LIMIT."""
_NOTICE: Final = 64
"""Bytes that the head leaves for the notice; one with a count of 19 digits has 39."""
_NUL: Final = "\ufffd"
"""The character in place of NUL, which PostgreSQL cannot store."""


class Output:
    """A buffer that takes any number of bytes and keeps the beginning and the end of them."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._written = 0

    @property
    def written(self) -> int:
        """Bytes written so far, kept or not."""
        return self._written

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes as a process printed them; the cost does not grow with the bytes that came before."""
        self._written += len(data)
        room = _HEAD - len(self._head)
        if room:
            self._head += data[:room]
            data = data[room:]
        if len(data) >= _TAIL:
            self._tail[:] = data[-_TAIL:]
        elif data:
            self._tail += data
            if len(self._tail) > 2 * _TAIL:
                del self._tail[:-_TAIL]

    def write_text(self, text: str) -> None:
        """Add text; a lone surrogate becomes a question mark."""
        self.write(text.encode(errors="replace"))

    def text(self) -> str:
        """Return valid UTF-8 text without NUL, at most `LIMIT` bytes; a notice stands for the middle if that is cut."""
        if not self._written:
            return ""
        kept = len(self._head) + len(self._tail)
        if kept == self._written:
            whole = _clean(self._head + self._tail)
            if len(whole) <= LIMIT:
                return whole.decode()
        head = _start_of(_clean(self._head), _HEAD - _NOTICE)
        tail = self._tail if len(self._tail) <= _TAIL else self._tail[-_TAIL:]
        return self._with_notice(head, _clean(_after_broken_character(tail)))

    def _with_notice(self, head: bytes, tail: bytes) -> str:
        longest_notice = len(_notice(self._written))
        tail = _end_of(tail, LIMIT - len(head) - longest_notice)
        cut = max(1, self._written - len(head) - len(tail))
        return (head + _notice(cut) + tail).decode()


def _notice(cut: int) -> bytes:
    return f"\n... {cut} bytes cut ...\n".encode()


def _clean(raw: bytes | bytearray) -> bytes:
    return raw.decode(errors="replace").replace("\0", _NUL).encode()


def _start_of(text: bytes, size: int) -> bytes:
    return text[:size].decode(errors="ignore").encode()


def _end_of(text: bytes, size: int) -> bytes:
    return text[-size:].decode(errors="ignore").encode()


def _after_broken_character(raw: bytearray) -> bytearray:
    """Drop up to three continuation bytes at the start: their character's first byte was cut away."""
    start = 0
    while start < min(3, len(raw)) and raw[start] & 0xC0 == 0x80:
        start += 1
    return raw[start:]
