"""Resolver: names of jobs' URLs, looked up by c-ares.

The system's `getaddrinfo` blocks a thread for each look-up, and the event loop has two threads for them: a dozen names
whose servers do not answer would hold up every other name for a minute, those of the worker's own connections as well.
c-ares needs no thread for a look-up. It reads /etc/hosts and /etc/resolv.conf, search domains included, and keeps an
answer for the time that the answer allows.
"""

import asyncio
import socket
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Final
from weakref import WeakValueDictionary

import aiodns
import pycares
from aiohttp.abc import AbstractResolver, ResolveResult

LOOKUP_SECONDS: Final = 10.0
"""Seconds for one look-up, whatever name servers and search domains there are to try."""
MAX_LOOKUPS: Final = 32
"""Look-ups of one tenant at a time; its further ones wait, those of others do not."""
_TRY_SECONDS: Final = 2.0
"""Seconds that a name server has for its first answer. c-ares doubles it at each of the tries."""
_TRIES: Final = 4

tenant: ContextVar[str] = ContextVar("tenant of the attempt under way", default="")


class Resolver(AbstractResolver):
    """`servers`: name servers as `address:port`; by default those of /etc/resolv.conf, re-read when it changes."""

    def __init__(self, servers: Sequence[str] = ()) -> None:
        self._dns = aiodns.DNSResolver(servers, timeout=_TRY_SECONDS, tries=_TRIES)
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name. Raises OSError."""
        literal = _literal(host)
        if literal is not None:
            return [_result(host, port, literal)]
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                addresses = await self._looked_up(host, family)
        except TimeoutError:
            raise OSError(None, f"no answer within {LOOKUP_SECONDS:g} s") from None
        except aiodns.error.DNSError as error:
            raise OSError(None, str(error.args[-1])) from None
        return [_result(host, port, address) for address in addresses]

    async def _looked_up(self, host: str, family: socket.AddressFamily) -> list[str]:
        """Look a name up in a turn of its tenant. The turn ends with the look-up, not with an attempt that gave up."""
        turns = self._turns.get(tenant.get())
        if turns is None:
            turns = self._turns[tenant.get()] = asyncio.Semaphore(MAX_LOOKUPS)
        await turns.acquire()
        answer = self._dns.getaddrinfo(host, family=family, type=socket.SOCK_STREAM)

        def ended(answer: asyncio.Future[pycares.AddrInfoResult]) -> None:
            turns.release()
            if not answer.cancelled():
                answer.exception()  # seen, even if nobody waits for it any more

        answer.add_done_callback(ended)
        found = await asyncio.shield(answer)
        return [node.addr[0].decode() for node in found.nodes]

    async def close(self) -> None:
        await self._dns.close()


def _literal(host: str) -> str | None:
    """Return the address if the name is one in any form of old (`0x7f.1`, `127.0.0.1.`), which no name server knows."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return None


def _result(hostname: str, port: int, host: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return ResolveResult(
        hostname=hostname, host=host, port=port, family=family, proto=0,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )  # fmt: skip
