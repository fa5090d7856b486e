"""A process that gives hostile answers: the path of a request is the number of its answer.

    PYTHONPATH=tools python -m fuzz.http_server SEED

Prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import sys

from fuzz.http_answers import FLOOD, Hostile, drawn

_NUMBER = re.compile(rb" /(\d{1,9})")


async def _send(writer: asyncio.StreamWriter, hostile: Hostile) -> None:
    if hostile.drip:
        for byte in hostile.start:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.001)
    else:
        writer.write(hostile.start)
        await writer.drain()
    sent = 0
    while hostile.flood and sent < FLOOD:
        writer.write(hostile.flood)
        sent += len(hostile.flood)
        await writer.drain()


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seed: str) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            number = _NUMBER.search(head)
            hostile = drawn(seed, int(number[1]) if number else 0)
            await _send(writer, hostile)
            if hostile.end == "hang":
                await reader.read()
            if hostile.end == "reset":
                raw: socket.socket = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            if hostile.end != "keep":
                break
    writer.close()


async def _serve(seed: str) -> None:
    server = await asyncio.start_server(lambda reader, writer: _talk(reader, writer, seed), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
