"""Answers that are malformed, huge, endless or slow harm nobody."""

import asyncio
import gzip
import socket
import struct
import zlib

import pytest

from foliot.worker.executors.attempt import Result
from foliot.worker.executors.http.bodies import MAX_BODY_BYTES
from foliot.worker.executors.http_request import HttpRequestExecutor
from foliot.worker.output import LIMIT, Output
from integration.executors.http_calls import ran
from integration.executors.making import make_attempt
from integration.executors.servers import answer, serve


@pytest.mark.parametrize(
    "reply",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 1000 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
        b"\0" * 1000,
        b"",
    ],
)
async def test_answers_that_are_no_http(http: HttpRequestExecutor, reply: bytes) -> None:
    async def send(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)

    async with serve(handle=send) as seen:
        result, log = await ran(http, seen)
    assert (result.succeeded, result.final) == (False, False)
    assert 0 < len(str(result.error_message)) <= 500
    assert len(log.encode()) <= LIMIT


@pytest.mark.parametrize(
    ("headers", "body", "trouble"),
    [
        (b"Content-Encoding: br\r\nContent-Length: 5", b"hello", "it is encoded as br"),
        (b"Content-Encoding: zstd\r\nContent-Length: 5", b"hello", "it is encoded as zstd"),
        (b"Content-Encoding: gzip, gzip\r\nContent-Length: 5", b"hello", "it is encoded as gzip, gzip"),
        (b"Content-Encoding: gzip\r\nContent-Length: 4", b"nope", "it is not gzip: "),
        (b"Content-Encoding: deflate\r\nContent-Length: 4", b"nope", "it is not deflate: "),
        (b"Content-Encoding: gzip\r\nContent-Length: 20", gzip.compress(b"hello")[:20], "its gzip ends too early"),
        (b"Content-Length: 100", b"hello", "the answer broke off: "),
        (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n", "the answer broke off: "),
        (b"Transfer-Encoding: chunked", b"zz\r\nhello\r\n", "the answer"),
    ],
)
async def test_success_goes_by_the_status_even_if_the_body_cannot_be_read(
    http: HttpRequestExecutor, headers: bytes, body: bytes, trouble: str
) -> None:
    """An accepted POST must not be sent again."""

    async def send(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\n" + headers + b"\r\n\r\n" + body)

    async with serve(handle=send) as seen:
        result, log = await ran(http, seen, method="POST", body={"a": 1})
    assert result == Result(succeeded=True, http_status=201)
    assert len(seen.heads) == 1
    assert log.startswith("HTTP/1.1 201 Created\n")
    assert f"\n... the body could not be read: {trouble}" in log


async def test_a_reset_within_the_body_is_a_remark(http: HttpRequestExecutor) -> None:
    async def send(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
        await writer.drain()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with serve(handle=send) as seen:
        result, log = await ran(http, seen)
    assert result == Result(succeeded=True, http_status=200)
    assert "the body could not be read" in log


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hello")),
        ("x-gzip", gzip.compress(b"hello")),
        ("GZIP", gzip.compress(b"he") + gzip.compress(b"llo")),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")[2:-4]),
        ("identity", b"hello"),
        ("", b"hello"),
    ],
)
async def test_encodings_that_are_read(http: HttpRequestExecutor, encoding: str, body: bytes) -> None:
    async with serve(answer("200 OK", f"Content-Encoding: {encoding}", body=body)) as seen:
        _, log = await ran(http, seen)
    assert seen.headers()["accept-encoding"] == "gzip, deflate"
    assert log.endswith("\n\nhello\n")


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_a_body_that_the_status_forbids_is_ignored(http: HttpRequestExecutor, status: str) -> None:
    async with serve(answer(status, body=b"hello")) as seen:
        for _ in range(2):
            result, log = await ran(http, seen, expected_status=[status[:3]])
            assert result == Result(succeeded=True, http_status=int(status[:3]))
            assert "hello" not in log
    assert seen.connections == 2


@pytest.mark.parametrize(
    "behind", [b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", b"x", b"HTTP/1.1 200 OK\r\n"]
)
@pytest.mark.parametrize("together", [True, False])
async def test_an_answer_that_nobody_asked_for_is_nobodys(
    http: HttpRequestExecutor, behind: bytes, together: bool
) -> None:
    """The next request gets its own answer."""
    idle, gone = asyncio.Event(), asyncio.Event()

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(body=b"own") + (behind if together else b""))
        await idle.wait()
        if not together:
            writer.write(behind)
            await reader.read()
            gone.set()
        elif await reader.readline():
            writer.write(answer(body=b"own"))

    async with serve(handle=send) as seen, asyncio.timeout(5):
        assert (await ran(http, seen))[1].endswith("\n\nown\n")
        idle.set()
        if not together:
            await gone.wait()
        assert (await ran(http, seen))[1].endswith("\n\nown\n")


async def test_odd_characters_in_an_answer(http: HttpRequestExecutor) -> None:
    async with serve(b"HTTP/1.1 200 \xff\xfe\r\nX-\xc3\xa9: \xff\r\nContent-Length: 0\r\n\r\n") as seen:
        result, log = await ran(http, seen, expected_status=["204"])
    str(result.error_message).encode()
    log.encode()


async def test_a_bomb_is_decoded_no_further_than_the_log_has_room(http: HttpRequestExecutor) -> None:
    bomb = gzip.compress(bytes(100_000_000), 1)
    async with serve(answer("200 OK", "Content-Encoding: gzip", body=bomb)) as seen:
        result, log = await ran(http, seen)
    assert result.succeeded
    assert len(log.encode()) <= LIMIT
    assert f"start of a body of {len(bomb)} bytes of gzip" in log


async def test_an_endless_body_is_cut_and_the_connection_closed(http: HttpRequestExecutor) -> None:
    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with serve(handle=endless) as seen:
        result, log = await ran(http, seen)
        assert result.succeeded
        async with asyncio.timeout(5):
            await seen.hung_up.wait()
    size = int(log.partition("start of a body of ")[2].partition(" ")[0])
    assert MAX_BODY_BYTES <= size < 2 * MAX_BODY_BYTES
    assert "or more bytes" in log


async def test_a_drip_feeding_server_is_cut_by_the_timeout_of_the_attempt(
    http: HttpRequestExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time for every read timeout; the runner's cancel ends it, or the net below it."""
    monkeypatch.setattr("foliot.worker.executors.http_request._GRACE_SECONDS", 0.0)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not reader.at_eof():
            writer.write(b"x")
            await writer.drain()
            try:
                async with asyncio.timeout(0.02):
                    await reader.read(1)
            except TimeoutError:
                pass

    async with serve(handle=drip) as seen:
        attempt = make_attempt("http_request", fields={"timeout_seconds": 0.3}, url=seen.url)
        output = Output()
        loop = asyncio.get_running_loop()
        began = loop.time()
        result = await http.run(attempt, output)
        assert loop.time() - began < 3
    assert result == Result(succeeded=False, error_message="no answer in time")
    assert "HTTP/1.1 200 OK" in output.text()
    assert "xxx" in output.text()
