"""Bodies: a bounded part of one is read, and its start goes to the log.

An attempt is judged by the status of its answer alone. A body that cannot be read is therefore a remark in the log: a
request that was accepted must not be sent again because of it.
"""

import asyncio
from typing import Final

from aiohttp import ClientError, ClientResponse

from foliot.worker.executors.http.encodings import Decoder, UndecodableError
from foliot.worker.executors.http.errors import described
from foliot.worker.output import Output

MAX_BODY_BYTES: Final = 1024 * 1024
"""Bytes that are read, as they were sent; the rest is left unread and the connection is closed."""
LOGGED_BODY_BYTES: Final = 6 * 1024
"""Bytes of the decoded body that go to the log: the rest of its 10 KB is room for the headers."""
_STEP: Final = 16 * 1024
"""Bytes read in one step of the event loop."""
_CHUNKED_STEP: Final = 1_024
"""The same if each byte may be a chunk of its own, which takes up to 10 us of CPU."""


async def read_body(response: ClientResponse, output: Output) -> None:
    """Read the body of an answer whose head has come; the caller closes the answer."""
    log = _BodyLog(response.headers.get("Content-Encoding", ""), output)
    step = _CHUNKED_STEP if "Transfer-Encoding" in response.headers else _STEP
    try:
        while log.size < MAX_BODY_BYTES:
            data = await response.content.read(step)
            if not data:
                log.end()
                break
            log.write(data)
            if log.size > step:
                await asyncio.sleep(0)  # what is buffered comes without a wait: let others have their turn
    except (ClientError, OSError) as error:
        log.trouble = described(error)
    log.close()


class _BodyLog:
    """The start of a body on its way into the log. `size`: bytes so far, as sent; `trouble`: why it cannot be read."""

    def __init__(self, encoding: str, output: Output) -> None:
        self.size = 0
        self.trouble: str | None = None
        self._decoder = Decoder(encoding)
        self._output = output
        self._room = LOGGED_BODY_BYTES

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.trouble is not None or self._room == 0:
            return
        try:
            clear = self._decoder.decode(data, self._room)
        except UndecodableError as error:
            self.trouble = str(error)
        else:
            self._output.write(clear)
            self._room -= len(clear)

    def end(self) -> None:
        """The whole body has come."""
        if self.trouble is None and self._room > 0:
            self.trouble = self._decoder.missing()

    def close(self) -> None:
        """Write the remarks behind the body."""
        if self._room == 0 and (self._decoder.name or self.size > LOGGED_BODY_BYTES):
            more = "or more " if self.size >= MAX_BODY_BYTES else ""
            encoded = f" of {self._decoder.name}" if self._decoder.name else ""
            self._output.write_text(f"\n... start of a body of {self.size} {more}bytes{encoded} ...")
        if self.trouble is not None:
            self._output.write_text(f"\n... the body could not be read: {self.trouble} ...")
        if self.size or self.trouble is not None:
            self._output.write(b"\n")
