"""Loopback servers that do what a test says and remember what they saw."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Seen:
    """Heads and bodies of requests in order, and how many connections were made."""

    def __init__(self) -> None:
        self.scheme = "http"
        self.port = 0
        self.connections = 0
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.hung_up = asyncio.Event()

    def headers(self, index: int = -1) -> dict[str, str]:
        lines = self.heads[index].split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/"


async def read_request(reader: asyncio.StreamReader, seen: Seen) -> bool:
    """Read one request; False at the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return False
    seen.heads.append(head)
    seen.bodies.append(await reader.readexactly(int(seen.headers().get("content-length", "0"))))
    return True


def answer(status: str = "200 OK", *headers: str, body: bytes = b"") -> bytes:
    head = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def serve(
    *answers: bytes,
    handle: Handle | None = None,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Seen]:
    """Answer each request with the next of `answers` (the last one again and again), or as `handle` does."""
    seen = Seen()
    left = list(answers)
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        try:
            if handle is not None:
                await read_request(reader, seen)
                await handle(reader, writer)
                return
            while await read_request(reader, seen):
                writer.write(left.pop(0) if len(left) > 1 else left[0])
                await writer.drain()
        except ConnectionError:
            seen.hung_up.set()
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(talk(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, host, 0, ssl=tls)
    seen.scheme = "https" if tls else "http"
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
