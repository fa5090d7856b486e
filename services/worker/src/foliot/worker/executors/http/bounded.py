"""A bound on what one answer can cost: bytes, interim answers, and the CPU of one step of the event loop.

aiohttp by itself reads interim answers (1xx) without end, all that have come in one step, and skips the extensions of
chunks without counting them. A server that sends nothing else would hold the event loop until the worker loses its
lease, and every attempt on it would die.
"""

import asyncio
import re
from typing import Any, Final

from aiohttp import ClientPayloadError
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

MAX_INTERIM: Final = 20
"""Interim answers (1xx) before the answer itself; common servers send one or two."""
MAX_HEAD_BYTES: Final = 256 * 1024
"""Bytes up to the end of the answer's head, interim answers included: Chrome's limit as well."""
MAX_SENT_BYTES: Final = 2 * 1024 * 1024
"""Bytes after the head: the body, of which at most half is read (`MAX_BODY_BYTES`), and the lines around its chunks."""
_PIECE: Final = 16 * 1024
"""Bytes that are parsed before the bounds are looked at again. uvloop delivers up to 256 KB at once."""
_END_OF_HEAD = re.compile(rb"\n\r?\n")


class BoundedHandler(ResponseHandler):
    """aiohttp's protocol of a connection; it hangs up on a server that goes beyond the bounds.

    Bytes are parsed head by head, so that the answer's status is known before anything behind its head can fail.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._begin()

    def _begin(self) -> None:
        self._answered = False
        self._heads = 0
        self._room = MAX_HEAD_BYTES
        self._last = b""

    def set_response_params(self, **params: Any) -> None:
        """A request is about to be sent: its answer has bounds of its own."""
        self._begin()
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        if not data:  # the body's reader has room again: aiohttp parses what it holds
            super().data_received(data)
        at = 0
        while at < len(data) and self.is_connected():
            if self._answered and (self._payload is None or self._payload.is_eof()):
                self._hang_up()  # nobody asked for what comes behind an answer
                return
            end = min(at + _PIECE, len(data)) if self._answered else self._end_of_head(data, at)
            self._room -= end - at
            if self._room < 0:
                limit = MAX_SENT_BYTES if self._answered else MAX_HEAD_BYTES
                self._refuse(f"{'body' if self._answered else 'head'} of more than {limit} bytes")
            elif self._heads > MAX_INTERIM + 1:
                self._refuse(f"more than {MAX_INTERIM} interim answers")
            else:
                super().data_received(data[at:end])
            at = end

    def _end_of_head(self, data: bytes, at: int) -> int:
        """Return the position behind the next blank line, or behind all data. The line may begin in earlier data."""
        before = len(self._last)
        seen = self._last + data[at:]
        found = _END_OF_HEAD.search(seen)
        if found is None:
            self._last = seen[-2:]
            return len(data)
        self._last = b""
        self._heads += 1
        return at + found.end() - before

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Take a head that was parsed. Nobody waits for interim answers: no request asks for `100 Continue`."""
        status = data[0].code
        if self._answered:
            self._hang_up()
        elif not 100 <= status <= 999:
            self._refuse(f"status {status}")
        elif status >= 200 or status == 101:
            self._answered, self._room = True, MAX_SENT_BYTES
            super().feed_data(data, size)

    def _hang_up(self) -> None:
        """Do not use the connection again; an answer that is complete stays valid."""
        self.force_close()
        if self.transport is not None:
            self.transport.close()

    def _refuse(self, reason: str) -> None:
        self.set_exception(HttpProcessingError(message=reason))
        self._payload = None  # the loss of the connection must not replace the reason
        if self.transport is not None:
            self.transport.abort()

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Fail what waits for the head, and what reads the body: aiohttp alone would let that wait for ever."""
        payload = self._payload
        if payload is not None and not payload.is_eof() and payload.exception() is None:
            payload.set_exception(ClientPayloadError(exc.message if isinstance(exc, HttpProcessingError) else str(exc)))
        super().set_exception(exc, *cause)
