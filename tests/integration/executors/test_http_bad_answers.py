"""Answers that are malformed, huge, endless or slow harm nobody."""

import asyncio
import gzip

import pytest

from foliot.worker.executors.attempt import Result
from foliot.worker.executors.http.answers import MAX_BODY_BYTES
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
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
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


async def test_odd_characters_in_an_answer(http: HttpRequestExecutor) -> None:
    async with serve(b"HTTP/1.1 200 \xff\xfe\r\nX-\xc3\xa9: \xff\r\nContent-Length: 0\r\n\r\n") as seen:
        result, log = await ran(http, seen, expected_status=["204"])
    str(result.error_message).encode()
    log.encode()


async def test_a_bomb_is_cut_after_decompression(http: HttpRequestExecutor) -> None:
    bomb = gzip.compress(bytes(100_000_000), 1)
    async with serve(answer("200 OK", "Content-Encoding: gzip", body=bomb)) as seen:
        result, log = await ran(http, seen)
    assert result.succeeded
    assert len(log.encode()) <= LIMIT
    size = int(log.partition("start of a body of ")[2].partition(" ")[0])
    assert MAX_BODY_BYTES <= size < 2 * MAX_BODY_BYTES
    assert "or more bytes" in log


async def test_an_endless_body_is_cut_and_the_connection_closed(http: HttpRequestExecutor) -> None:
    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with serve(handle=endless) as seen:
        result, _ = await ran(http, seen)
        assert result.succeeded
        async with asyncio.timeout(5):
            await seen.hung_up.wait()


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
