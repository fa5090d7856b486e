"""A TCP proxy between a service and a server, for the faults of a network."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Proxy:
    """Listens on a port of its own. Faults hold for the connections that exist and for those to come."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flows = {"up": asyncio.Event(), "down": asyncio.Event()}
        self._held = {"up": asyncio.Event(), "down": asyncio.Event()}
        self._refusing = False
        self._cut_after: int | None = None
        self.heal()

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def heal(self) -> None:
        """Everything passes again; what was held back goes on."""
        self._refusing, self._cut_after = False, None
        for flow in self._flows.values():
            flow.set()

    def blackhole(self, *directions: str) -> None:
        """Bytes stop, connections stay: `up` (towards the server), `down`, or both."""
        for direction in directions or ("up", "down"):
            self._flows[direction].clear()
            self._held[direction].clear()

    async def holds_back(self, direction: str) -> None:
        """Returns when bytes have come that way since the last `blackhole`, and are held back."""
        await self._held[direction].wait()

    def reset(self) -> None:
        """RST to both sides of every connection; new ones pass."""
        for writer in list(self._writers):
            writer.transport.abort()

    def refuse(self) -> None:
        """No connection, old or new."""
        self._refusing = True
        self.reset()

    def cut_after(self, size: int) -> None:
        """Each connection ends after `size` more bytes from the server: in the middle of a frame."""
        self._cut_after = size

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._refusing:
                return
            up_reader, up_writer = await asyncio.open_connection(*self._target)
            self._writers.add(up_writer)
            try:
                ways = {
                    asyncio.create_task(self._copy(reader, up_writer, "up")),
                    asyncio.create_task(self._copy(up_reader, writer, "down")),
                }
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
            finally:
                self._writers.discard(up_writer)
                up_writer.transport.abort()
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if not self._flows[direction].is_set():
                    self._held[direction].set()
                await self._flows[direction].wait()
                if direction == "down" and self._cut_after is not None:
                    if len(data) >= self._cut_after:
                        writer.write(data[: self._cut_after])
                        return
                    self._cut_after -= len(data)
                writer.write(data)
                await writer.drain()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def proxy_to(host: str, port: int) -> AsyncIterator[Proxy]:
    proxy = Proxy(host, port)
    await proxy._listen()
    try:
        yield proxy
    finally:
        await proxy._close()
