"""A DNS server on loopback that knows the names of a test."""

import asyncio
import ipaddress
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

A, AAAA = 1, 28


class NameServer(asyncio.DatagramProtocol):
    """`names`: addresses by name; a query takes the next of several lists (the last one again and again). Any other name
    does not exist, and one that begins with `silent` gets no answer."""

    def __init__(self) -> None:
        self.names: dict[str, list[Sequence[str]]] = {}
        self.asked: list[str] = []
        self.address = ""
        self._query = asyncio.Event()

    async def until_asked(self, *names: str) -> None:
        """Wait until each of the names has been asked for."""
        async with asyncio.timeout(10):
            while not set(names) <= set(self.asked):
                self._query.clear()
                await self._query.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        name, end = _name(data)
        kind: int = struct.unpack("!H", data[end : end + 2])[0]
        self.asked.append(name)
        self._query.set()
        if not name.startswith("silent"):
            self._transport.sendto(self._answer(data, name, kind, end + 4), sender)

    def _answer(self, query: bytes, name: str, kind: int, end: int) -> bytes:
        lists = self.names.get(name)
        addresses = lists.pop(0) if lists and len(lists) > 1 and kind == A else lists[0] if lists else ()
        packed = [address.packed for address in map(ipaddress.ip_address, addresses)]
        found = [raw for raw in packed if len(raw) == (4 if kind == A else 16)]
        head = query[:2] + struct.pack("!HHHHH", 0x8180 if lists else 0x8183, 1, len(found), 0, 0) + query[12:end]
        return head + b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(raw)) + raw for raw in found)


def _name(query: bytes) -> tuple[str, int]:
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("latin-1").lower())
        at += 1 + length
    return ".".join(labels), at + 1


@asynccontextmanager
async def serve_names() -> AsyncIterator[NameServer]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    server.address = f"{host}:{port}"
    try:
        yield server
    finally:
        transport.close()
