"""Floods: whatever a server sends without end, it is cut off, and other attempts go on beside it."""

import asyncio
import zlib

import pytest

from foliot.worker.executors.http.bounded import MAX_HEAD_BYTES, MAX_SENT_BYTES
from foliot.worker.executors.http_request import HttpRequestExecutor
from integration.executors.http_calls import ran
from integration.executors.servers import Handle, answer, serve
from support.callbacks import watched_callbacks
from support.costs import lines_run

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
_EMPTY = zlib.compressobj(1, zlib.DEFLATED, 31).flush(zlib.Z_SYNC_FLUSH)
GZIP = OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(_EMPTY), _EMPTY)

HEADS = {
    "100": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103 with links": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"),
    "102 with a body": (b"", b"HTTP/1.1 102 Processing\r\nContent-Length: 1\r\n\r\nx"),
    "empty lines": (b"", b"\r\n"),
    "status line": (b"HTTP/1.1 200 ", b"r"),
    "no status line": (b"", b"r"),
    "headers": (OK, b"X: a\r\n"),
    "one header": (OK + b"X: ", b"a"),
    "name of a header": (OK, b"a"),
    "folded header": (OK, b"X: a\r\n" + b" \r\n" * 1_000),
}
BODIES = {
    "body": (OK + b"\r\n", b"x"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
    "extension of a chunk": (CHUNKED + b"1;", b"a"),
    "extensions of chunks": (CHUNKED, b"1;a=b\r\nx\r\n"),
    "size of a chunk": (CHUNKED, b"0"),
    "trailers": (CHUNKED + b"0\r\n", b"X: a\r\n"),
    "one trailer": (CHUNKED + b"0\r\nX: ", b"a"),
    "empty pieces of gzip": (GZIP, b"5\r\n\0\0\0\xff\xff\r\n"),
    "chunks of one byte of gzip": (GZIP, b"1\r\n\0\r\n"),
    "answers": (OK + b"Content-Length: 0\r\n\r\n", OK + b"Content-Length: 0\r\n\r\n"),
}
MOST_LINES = 80_000
"""Lines of Python in one step of the event loop: 8 to 20 ms of CPU."""


def flooding(start: bytes, flood: bytes, sent: list[int]) -> Handle:
    block = flood * (1 + 65_536 // len(flood))

    async def flood_it(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(block)
            await writer.drain()
            sent.append(len(block))

    return flood_it


@pytest.mark.parametrize("kind", HEADS)
async def test_an_endless_head_is_refused(http: HttpRequestExecutor, kind: str) -> None:
    sent: list[int] = []
    async with serve(handle=flooding(*HEADS[kind], sent)) as seen, asyncio.timeout(20):
        result, log = await ran(http, seen)
        assert (result.succeeded, result.final, result.http_status) == (False, False, None)
        assert str(result.error_message).startswith("the answer is not HTTP: ")
        await seen.hung_up.wait()
    assert log == ""
    assert sum(sent) < MAX_HEAD_BYTES + 16 * 1024 * 1024  # what the sockets buffer included


@pytest.mark.parametrize("kind", BODIES)
async def test_an_endless_body_of_any_kind_is_cut(http: HttpRequestExecutor, kind: str) -> None:
    sent: list[int] = []
    async with serve(handle=flooding(*BODIES[kind], sent)) as seen, asyncio.timeout(20):
        result, _ = await ran(http, seen)
        assert (result.succeeded, result.http_status) == (True, 200)
        await seen.hung_up.wait()
    assert sum(sent) < MAX_SENT_BYTES + 16 * 1024 * 1024


@pytest.mark.parametrize("kind", [*HEADS, *BODIES])
async def test_no_step_of_the_event_loop_is_long_and_others_go_on(
    http: HttpRequestExecutor, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foliot.worker.executors.http.bounded.MAX_SENT_BYTES", 128 * 1024)  # counting lines is slow
    flood = flooding(*(HEADS | BODIES)[kind], [])
    async with serve(handle=flood) as hostile, serve(answer(body=b"x")) as good, asyncio.timeout(60):
        with watched_callbacks(lines_run) as seen:
            floods = [asyncio.create_task(ran(http, hostile)) for _ in range(3)]
            for _ in range(3):
                assert (await ran(http, good, method="POST"))[0].succeeded
            await asyncio.gather(*floods)
    assert seen.slowest < MOST_LINES, seen.what


async def test_twenty_interim_answers_are_read_over(http: HttpRequestExecutor) -> None:
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
    async with serve(hint * 20 + answer(body=b"one"), hint * 21 + answer(body=b"two")) as seen:
        result, log = await ran(http, seen)
        assert result.succeeded
        assert log == "HTTP/1.1 200 OK\nContent-Length: 3\n\none\n"
        refused, _ = await ran(http, seen)
    assert refused.error_message == "the answer is not HTTP: more than 20 interim answers"


@pytest.mark.parametrize("size", [1, 7, 100])
async def test_heads_are_found_however_they_are_cut(http: HttpRequestExecutor, size: int) -> None:
    """The next job on a kept connection gets its own answer, and no interim answer is taken for one."""
    whole = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%d"

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in (41, 42):
            text = whole % number
            for at in range(0, len(text), size):
                writer.write(text[at : at + size])
                await writer.drain()
                await asyncio.sleep(0)
            await reader.readuntil(b"\r\n\r\n")

    async with serve(handle=send) as seen:
        for number in (41, 42):
            result, log = await ran(http, seen)
            assert result.http_status == 200
            assert log.endswith(f"\n\n{number}\n")
    assert seen.connections == 1
