"""Asking processes whether they serve."""

import asyncio
from collections.abc import Callable

import aiohttp

from cluster.definition import HOST, Probe
from cluster.errors import NotReady
from cluster.process import Process

INTERVAL = 0.05
TIMEOUT = 5.0
ANSWER_LENGTH = 80


async def ask(probe: Probe, timeout: float = TIMEOUT) -> str:
    """One question. Whatever goes wrong in it means: not ready, because."""
    try:
        async with asyncio.timeout(timeout):  # wait_for would swallow a cancellation in the moment of the answer
            return await probe()
    except TimeoutError:
        raise NotReady("no answer") from None
    except ConnectionRefusedError:
        raise NotReady("does not listen") from None
    except OSError as error:
        raise NotReady(error.strerror or type(error).__name__) from None


async def ready(probe: Probe, process: Process, tell: Callable[[str], None] = lambda _: None) -> bool:
    """Ask until the process serves, telling why it does not; False: it ended before it did."""
    before = ""
    while process.status is None:
        try:
            await ask(probe)
            return True
        except NotReady as why:
            if str(why) != before:
                before = str(why)
                tell(before)
            await process.exited_within(INTERVAL)
    return False


async def get(port: int, path: str) -> bytes:
    """What a local HTTP server answers. Raises NotReady unless it is 200."""
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://{HOST}:{port}{path}") as response,
        ):
            status, body = response.status, await response.read()
    except aiohttp.ClientConnectorError:
        raise NotReady("does not listen") from None
    except aiohttp.ClientError as error:
        raise NotReady(f"{type(error).__name__}: {error}") from None
    if status != 200:
        raise NotReady(f"{status} {body.decode(errors='replace')[:ANSWER_LENGTH]}")
    return body


async def ask_http(port: int, path: str) -> str:
    """The probe of a server that is ready when it answers 200."""
    await get(port, path)
    return ""


async def converse(port: int, question: bytes = b"") -> bytes:
    """Send something to a local port, read what comes back; without a question only see that it accepts."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(question)
        return await reader.read(4096) if question else b""
    finally:
        writer.close()
