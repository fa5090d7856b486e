"""Bytes that are no request: a problem like any other, and no byte of them in any log line."""

from __future__ import annotations

import gzip
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import structlog

from cluster.servers import Servers
from support.databases import TestDatabase
from support.eventually import eventually
from support.raw_http import exchange, hang_up
from support.starting import start_foliot

from .conftest import Api

MARK = b"MARKED-4711"
"""Stands where a key, a header's value, a body or a parameter does."""
KEY = b"Authorization: Bearer " + MARK
JSON = b"Content-Type: application/json"


def head(*lines: bytes, end: bytes = b"\r\n") -> bytes:
    return end.join([*lines, b"", b""])


UNREADABLE = {
    "a bad version": head(b"GET /v1/jobs HTTP/9.9", b"Host: x", KEY),
    "no host": head(b"GET /v1/jobs HTTP/1.1", KEY),
    "an unknown method": head(b"GETX /v1/jobs HTTP/1.1", b"Host: x", KEY),
    "a lower-case method": head(b"get /v1/jobs HTTP/1.1", b"Host: x", KEY),
    "two lengths": head(b"POST /v1/jobs HTTP/1.1", b"Host: x", KEY, b"Content-Length: 1", b"Content-Length: 2") + MARK,
    "a length and chunks": head(
        b"POST /v1/jobs HTTP/1.1", b"Host: x", KEY, b"Content-Length: 5", b"Transfer-Encoding: chunked",
    ) + MARK,
    "a bad chunk": head(b"POST /v1/jobs HTTP/1.1", b"Host: x", KEY, b"Transfer-Encoding: chunked") + MARK + b"\r\n",
    "a long header": head(b"GET /v1/jobs HTTP/1.1", b"Host: x", KEY, b"X: " + MARK * 900),
    "a long target": head(b"GET /" + MARK * 900 + b" HTTP/1.1", b"Host: x", KEY),
    "many headers": head(b"GET /v1/jobs HTTP/1.1", b"Host: x", KEY, *[b"X-%d: %b" % (n, MARK) for n in range(200)]),
    "a target that is no path": head(b"GET * HTTP/1.1", b"Host: x", KEY),
    "a target without a path": head(b"GET " + MARK + b" HTTP/1.1", b"Host: x", KEY),
    "a control character": head(b"GET /v1/jobs HTTP/1.1", b"Host: x", KEY + b"\x01"),
    "a NUL": head(b"GET /v1/jobs HTTP/1.1", b"Host: x", KEY + b"\x00"),
    "line feeds alone": head(b"GET /v1/jobs HTTP/1.1", b"Host: x", KEY, end=b"\n"),
    "an Expect that is not UTF-8": head(b"GET /v1/jobs HTTP/1.1", b"Host: x", KEY, b"Expect: \xbd" + MARK),
    "a folded header": head(b"GET /v1/jobs HTTP/1.1", b"Host: x", b"X: a\r\n " + MARK, KEY),
    "a header without a colon": head(b"GET /v1/jobs HTTP/1.1", b"Host: x", MARK, KEY),
    "a space before the colon": head(b"GET /v1/jobs HTTP/1.1", b"Host: x", b"Authorization : Bearer " + MARK),
    "no HTTP": MARK * 3 + b"\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + MARK + b"\r\n\r\n",
}  # fmt: skip
READABLE = {
    "no version, as in HTTP/0.9": (401, head(b"GET /v1/jobs", KEY)),
    "an Expect that nobody can meet": (417, head(b"GET /v1/jobs HTTP/1.1", b"Host: x", KEY, b"Expect: foo")),
    "brotli": (415, head(b"POST /v1/jobs HTTP/1.1", b"Host: x", KEY, JSON, b"Content-Encoding: br", b"Content-Length: 11") + MARK),
    "zstd": (415, head(b"POST /v1/jobs HTTP/1.1", b"Host: x", KEY, JSON, b"Content-Encoding: zstd", b"Content-Length: 11") + MARK),
}  # fmt: skip


@pytest.fixture
async def no_error_line(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    with structlog.testing.capture_logs() as lines:
        yield
    assert [line for line in lines if line["log_level"] in ("error", "critical")] == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.usefixtures("no_error_line")
@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_is_no_request_is_a_problem(api: Api, sent: bytes) -> None:
    answer = await exchange(api.client.port, sent)
    assert answer is not None
    found = answer.problem()
    assert (answer.status, found["code"]) == (400, "malformed")
    assert MARK not in answer.body


@pytest.mark.usefixtures("no_error_line")
@pytest.mark.parametrize(("status", "sent"), READABLE.values(), ids=READABLE.keys())
async def test_what_asks_too_much_is_a_problem(api: Api, status: int, sent: bytes) -> None:
    answer = await exchange(api.client.port, sent)
    assert answer is not None
    assert answer.problem()["status"] == status
    assert MARK not in answer.body


def post(api: Api, *lines: bytes) -> bytes:
    own = b"Authorization: Bearer " + api.key.encode()
    return head(b"POST /v1/jobs HTTP/1.1", b"Host: x", own, JSON, *lines)


@pytest.mark.usefixtures("no_error_line")
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_is_not_what_its_encoding_says(api: Api, encoding: str) -> None:
    sent = post(api, b"Content-Encoding: " + encoding.encode(), b"Content-Length: 11") + MARK
    answer = await exchange(api.client.port, sent)
    assert answer is not None
    assert (answer.status, answer.problem()["code"]) == (400, "malformed")


@pytest.mark.usefixtures("no_error_line")
async def test_an_encoding_that_is_not_known_is_not_taken_for_none(api: Api) -> None:
    sent = post(api, b"Content-Encoding: rot13", b"Content-Length: 2") + b"{}"
    answer = await exchange(api.client.port, sent)
    assert answer is not None
    assert answer.status == 415
    assert "gzip" in answer.problem()["detail"]


async def test_a_compressed_body_is_read(api: Api) -> None:
    body = gzip.compress(b'{"job_name": 1}')
    sent = post(api, b"Content-Encoding: gzip", b"Content-Length: %d" % len(body)) + body
    answer = await exchange(api.client.port, sent)
    assert answer is not None
    assert answer.status == 422


@pytest.mark.usefixtures("no_error_line")
async def test_chunks_that_break_off_end_the_request_at_once(api: Api) -> None:
    """Not only when the bound on a body has passed."""
    answer = await exchange(api.client.port, post(api, b"Transfer-Encoding: chunked"), b'5\r\n{"a":\r\n', b"zz\r\n")
    assert answer is not None
    assert (answer.status, answer.problem()["code"]) == (400, "malformed")


@pytest.mark.usefixtures("no_error_line")
async def test_a_caller_that_hangs_up_in_its_body_is_no_error_of_ours(api: Api) -> None:
    await hang_up(api.client.port, post(api, b"Content-Length: 1000") + b'{"job_name"')

    async def counted() -> None:
        _, text = await api.raw_text("GET", "/metrics")
        assert 'route="/v1/jobs",status="400"' in text
        assert 'route="/v1/jobs",status="500"} 0.0' in text

    await eventually(counted)


async def test_a_method_that_a_path_does_not_know(api: Api) -> None:
    status, problem, headers = await api.call("PUT", "/v1/jobs", {})
    assert (status, problem["code"]) == (405, "method_not_allowed")
    assert headers["Allow"] == "GET, HEAD, POST"
    assert problem["detail"] == "this path does not know PUT; it knows GET, HEAD, POST"


async def test_no_log_line_holds_what_was_sent(servers: Servers, database: TestDatabase, tmp_path: Path) -> None:
    """Every logger of the process: ours, aiohttp's, asyncio's."""
    async with start_foliot(servers, database, tmp_path, schedulers=0, workers=0) as foliot:
        port = foliot.services["api-1"].port
        key = foliot.http.headers["Authorization"].encode()
        for sent in (*UNREADABLE.values(), *(one for _, one in READABLE.values())):
            await exchange(port, sent)
        for lines in (
            (b"Content-Length: 900",),
            (b"Transfer-Encoding: chunked",),
            (b"Content-Encoding: gzip", b"Content-Length: 11"),
        ):
            sent = head(b"POST /v1/jobs?x=" + MARK + b" HTTP/1.1", b"Host: x", b"Authorization: " + key, JSON, *lines)
            await hang_up(port, sent, MARK, b"\r\n" + MARK + b"\r\n")
        for target in (b"/v1/jobs/" + MARK, b"/" + MARK, b"/v1/jobs?q=" + MARK, b"/v1/jobs?cursor=" + MARK):
            await exchange(port, head(b"GET " + target + b" HTTP/1.1", b"Host: x", b"Authorization: " + key))
        body = b'{"job_name": "' + MARK + b'", "payload": {"script": "' + MARK + b'"}}'
        sent = head(
            b"POST /v1/jobs HTTP/1.1",
            b"Host: x",
            b"Authorization: " + key,
            JSON,
            b"Connection: close",
            b"Content-Length: 20",
        )
        await exchange(port, sent + body)

        async def refused() -> str:
            text = (tmp_path / "api-1.log").read_text()
            assert text.count("request_refused") >= len(UNREADABLE)
            return text

        text = await eventually(refused)
    assert MARK.decode() not in text
    assert key.partition(b" ")[2].decode() not in text
    levels = [msgspec.json.decode(line)["level"] for line in text.splitlines()]
    assert "ERROR" not in levels
