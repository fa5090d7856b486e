"""http_request against real servers, well-behaved and not."""

import asyncio
import gzip
import ssl
import subprocess
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from foliot.worker.executors.attempt import Result
from foliot.worker.executors.http.answers import MAX_BODY_BYTES
from foliot.worker.executors.http_request import HttpRequestExecutor
from foliot.worker.output import LIMIT, Output
from integration.executors.making import TRACEPARENT, make_attempt
from integration.executors.servers import Seen, answer, serve

LOOPBACK = [ip_network("127.0.0.0/8")]


@pytest.fixture(scope="module")
async def executor() -> AsyncIterator[HttpRequestExecutor]:
    async with HttpRequestExecutor(allow_networks=LOOPBACK) as executor:
        yield executor


async def ran(executor: HttpRequestExecutor, seen: Seen, **payload: Any) -> tuple[Result, str]:
    output = Output()
    result = await executor.run(make_attempt("http_request", **({"url": seen.url} | payload)), output)
    return result, output.text()


async def test_every_attempt_carries_the_headers_of_the_contract(executor: HttpRequestExecutor) -> None:
    async with serve(answer()) as seen:
        result, _ = await ran(executor, seen, headers={"X-Team": "a", "user-agent": "mine"})
    assert result == Result(succeeded=True, http_status=200)
    assert seen.heads[0].startswith("GET / HTTP/1.1\r\n")
    expected = {
        "idempotency-key": "42:2026-11-23T12:00:00.000000Z",
        "x-foliot-job-id": "42",
        "x-foliot-attempt": "2",
        "traceparent": TRACEPARENT,
        "x-team": "a",
        "user-agent": "mine",
    }
    assert expected.items() <= seen.headers().items()


@pytest.mark.parametrize(
    ("body", "content_type", "sent"),
    [
        ("grüße", "text/plain; charset=utf-8", "grüße".encode()),
        ("", "text/plain; charset=utf-8", b""),
        ({"a": [1, 2**70, None]}, "application/json", b'{"a":[1,1180591620717411303424,null]}'),
        (False, "application/json", b"false"),
        (0, "application/json", b"0"),
        ([], "application/json", b"[]"),
        (None, None, b""),
    ],
)
async def test_bodies(executor: HttpRequestExecutor, body: Any, content_type: str | None, sent: bytes) -> None:
    async with serve(answer()) as seen:
        for headers in ({}, {"content-TYPE": "application/x-mine"}):
            await ran(executor, seen, method="POST", body=body, headers=headers)
    assert seen.bodies == [sent, sent]
    assert seen.headers(0).get("content-type") == content_type
    assert seen.headers(1)["content-type"] == "application/x-mine"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_methods(executor: HttpRequestExecutor, method: str) -> None:
    async with serve(b"HTTP/1.1 204 No Content\r\n\r\n") as seen:
        result, _ = await ran(executor, seen, method=method, expected_status=["204"])
    assert result.succeeded
    assert seen.heads[0].startswith(f"{method} / ")


async def test_a_url_is_sent_as_it_was_written(executor: HttpRequestExecutor) -> None:
    path = "a%2Fb/%41;x?sig=a%2Bb%3D+c&q='\"<>{}"
    async with serve(answer()) as seen:
        await ran(executor, seen, url=seen.url + path)
        await ran(executor, seen, url=seen.url + "ü?ö=1")
    assert seen.heads[0].startswith(f"GET /{path} ")
    assert seen.heads[1].startswith("GET /%C3%BC?%C3%B6=1 ")


@pytest.mark.parametrize(
    ("status", "expected_status", "succeeded", "final"),
    [
        ("200 OK", ["2xx"], True, False),
        ("201 Created", ["200", "201"], True, False),
        ("200 OK", ["204"], False, True),
        ("404 Not Found", ["2xx"], False, True),
        ("404 Not Found", ["404"], True, False),
        ("302 Found", ["2xx"], False, True),
        ("408 Request Timeout", ["2xx"], False, False),
        ("429 Too Many Requests", ["2xx"], False, False),
        ("500 Internal Server Error", ["2xx"], False, False),
        ("599 Whatever", ["2xx"], False, False),
    ],
)
async def test_statuses(
    executor: HttpRequestExecutor, status: str, expected_status: list[str], succeeded: bool, final: bool
) -> None:
    async with serve(answer(status)) as seen:
        result, log = await ran(executor, seen, expected_status=expected_status)
    assert (result.succeeded, result.final, result.http_status) == (succeeded, final, int(status[:3]))
    assert log.startswith(f"HTTP/1.1 {status}\n")
    if not succeeded:
        assert result.error_message == f"{status}; expected {', '.join(expected_status)}"
    assert len(seen.heads) == 1


@pytest.mark.parametrize(
    ("retry_on", "status", "final"),
    [
        ((503,), 503, False),
        (("503",), 500, True),
        (("4xx",), 404, False),
        ((), 500, True),
        (None, 500, False),
    ],
)
async def test_retry_on_of_the_policy(
    executor: HttpRequestExecutor, retry_on: tuple[str | int, ...] | None, status: int, final: bool
) -> None:
    async with serve(answer(f"{status} X")) as seen:
        attempt = make_attempt("http_request", fields={"retry_on": retry_on}, url=seen.url)
        assert (await executor.run(attempt, Output())).final is final
    refused = make_attempt("http_request", fields={"retry_on": retry_on}, url=seen.url)
    assert (await executor.run(refused, Output())).final is (retry_on is not None)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["Retry-After: 7"], 7.0),
        (["Date: Mon, 23 Nov 2026 12:00:00 GMT", "Retry-After: Mon, 23 Nov 2026 12:01:00 GMT"], 60.0),
        (["Retry-After: later"], None),
        ([], None),
    ],
)
async def test_retry_after(executor: HttpRequestExecutor, headers: list[str], seconds: float | None) -> None:
    async with serve(answer("503 Busy", *headers)) as seen:
        result, _ = await ran(executor, seen)
    assert (result.retry_after, result.final) == (seconds, False)


async def test_the_log_has_status_headers_and_start_of_the_body_without_secrets(
    executor: HttpRequestExecutor,
) -> None:
    secrets = ["Set-Cookie: a=SECRET", "X-Api-Key: SECRET", "Authorization: SECRET", "X-Auth-Token: SECRET"]
    location = "Location: http://user:SECRET@a.example/b?token=SECRET#SECRET"
    link = "Link: <https://a.example/c?page=SECRET>; rel=next, </d#SECRET>"
    async with serve(answer("302 Found", "X-A: b", *secrets, location, link, body=b"hello \xff\0")) as seen:
        result, log = await ran(executor, seen, headers={"Authorization": "Bearer SECRET"})
    assert "X-A: b\n" in log
    assert "Set-Cookie: [redacted]\n" in log
    assert "Location: http://a.example/b?[redacted]\n" in log
    assert "Link: <https://a.example/c?[redacted]>; rel=next, </d?[redacted]>\n" in log
    assert log.endswith("\n\nhello \ufffd\ufffd\n")
    assert "SECRET" not in log + str(result)


async def test_cookies_are_not_shared_between_jobs(executor: HttpRequestExecutor) -> None:
    async with serve(answer("200 OK", "Set-Cookie: a=b; Path=/")) as seen:
        for _ in range(2):
            assert (await ran(executor, seen, url=f"http://localhost:{seen.port}/"))[0].succeeded
    assert "cookie" not in seen.headers()


async def test_connections_are_kept_for_repeatable_methods_only(executor: HttpRequestExecutor) -> None:
    async with serve(answer(body=b"x")) as seen:
        for _ in range(3):
            assert (await ran(executor, seen))[0].succeeded
        assert seen.connections == 1
        for _ in range(3):
            assert (await ran(executor, seen, method="POST"))[0].succeeded
        assert seen.connections == 4


async def test_a_kept_connection_that_died_is_replaced(executor: HttpRequestExecutor) -> None:
    """The server hangs up at the second request of a connection, as one that was just restarted does."""
    seen_ports: set[int] = set()

    async def once_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen_ports.add(writer.get_extra_info("peername")[1])
        writer.write(answer(body=b"x"))
        await reader.readuntil(b"\r\n\r\n")

    async with serve(handle=once_each) as seen:
        for _ in range(2):
            assert (await ran(executor, seen))[0].succeeded
    assert len(seen_ports) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_server_that_hangs_up_sees_one_request_an_attempt(executor: HttpRequestExecutor, method: str) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serve(handle=hang_up) as seen:
        result, _ = await ran(executor, seen, method=method)
    assert (result.succeeded, result.final) == (False, False)
    assert result.error_message == "the server hung up without an answer"
    assert len(seen.heads) == 1


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
async def test_answers_that_are_no_http(executor: HttpRequestExecutor, reply: bytes) -> None:
    async def send(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)

    async with serve(handle=send) as seen:
        result, log = await ran(executor, seen)
    assert (result.succeeded, result.final) == (False, False)
    assert 0 < len(str(result.error_message)) <= 500
    assert len(log.encode()) <= LIMIT


async def test_odd_characters_in_an_answer(executor: HttpRequestExecutor) -> None:
    async with serve(b"HTTP/1.1 200 \xff\xfe\r\nX-\xc3\xa9: \xff\r\nContent-Length: 0\r\n\r\n") as seen:
        result, log = await ran(executor, seen, expected_status=["204"])
    str(result.error_message).encode()
    log.encode()


async def test_a_bomb_is_cut_after_decompression(executor: HttpRequestExecutor) -> None:
    bomb = gzip.compress(bytes(100_000_000), 1)
    async with serve(answer("200 OK", "Content-Encoding: gzip", body=bomb)) as seen:
        result, log = await ran(executor, seen)
    assert result.succeeded
    assert len(log.encode()) <= LIMIT
    size = int(log.partition("start of a body of ")[2].partition(" ")[0])
    assert MAX_BODY_BYTES <= size < 2 * MAX_BODY_BYTES
    assert "or more bytes" in log


async def test_an_endless_body_is_cut_and_the_connection_closed(executor: HttpRequestExecutor) -> None:
    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with serve(handle=endless) as seen:
        result, _ = await ran(executor, seen)
        assert result.succeeded
        async with asyncio.timeout(5):
            await seen.hung_up.wait()


async def test_a_drip_feeding_server_is_cut_by_the_timeout_of_the_attempt(
    executor: HttpRequestExecutor, monkeypatch: pytest.MonkeyPatch
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
        result = await executor.run(attempt, output)
        assert loop.time() - began < 3
    assert result == Result(succeeded=False, error_message="no answer in time")
    assert "HTTP/1.1 200 OK" in output.text()
    assert "xxx" in output.text()


async def test_a_cancel_closes_the_connection(executor: HttpRequestExecutor) -> None:
    asked = asyncio.Event()
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        gone.set()

    async with serve(handle=silent) as seen, asyncio.timeout(5):
        task = asyncio.create_task(ran(executor, seen))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await gone.wait()


async def test_redirects_are_not_followed_unless_asked(executor: HttpRequestExecutor) -> None:
    async with serve(answer("302 Found", "Location: /b"), answer(body=b"b")) as seen:
        result, _ = await ran(executor, seen)
    assert (result.http_status, result.final) == (302, True)
    assert "set follow_redirects" in str(result.error_message)


async def test_redirects_are_followed_up_to_three_hops(executor: HttpRequestExecutor) -> None:
    hop = answer("302 Found", "Location: /next")
    async with serve(hop, hop, hop, answer(body=b"done")) as seen:
        result, log = await ran(executor, seen, follow_redirects=True, headers={"Authorization": "x"})
    assert result.succeeded
    assert log.count("302 Found") == 3
    assert [seen.headers(n)["authorization"] for n in range(4)] == ["x"] * 4
    async with serve(hop) as seen:
        result, _ = await ran(executor, seen, follow_redirects=True)
    assert len(seen.heads) == 4
    assert (result.http_status, result.final) == (302, True)
    assert "after 3 redirects" in str(result.error_message)


async def test_credentials_and_body_do_not_follow_to_another_origin(executor: HttpRequestExecutor) -> None:
    headers = {"Authorization": "SECRET", "X-Api-Key": "SECRET", "Cookie": "SECRET", "Accept": "text/plain"}
    async with serve(answer()) as other:
        async with serve(answer("302 Found", f"Location: {other.url}")) as seen:
            result, _ = await ran(executor, seen, method="POST", body="SECRET", headers=headers, follow_redirects=True)
        assert result.succeeded
        assert other.heads[0].startswith("GET / ")
        assert "SECRET" not in other.heads[0]
        assert other.bodies == [b""]
        assert other.headers()["accept"] == "text/plain"
        assert other.headers()["idempotency-key"] == "42:2026-11-23T12:00:00.000000Z"
        async with serve(answer("307 Temporary Redirect", f"Location: {other.url}")) as seen:
            result, _ = await ran(executor, seen, method="POST", body="SECRET", follow_redirects=True)
        assert result.final
        assert len(other.heads) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a new key and its certificate for 127.0.0.1 that nobody vouches for."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        ["openssl", "req", "-x509", *curve, *name, "-keyout", file, "-out", file],
        check=True,
        capture_output=True,
    )
    return file


async def test_certificates_are_checked(executor: HttpRequestExecutor, certificate: Path) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=certificate)
    downgrade = answer("302 Found", "Location: http://127.0.0.1:1/")
    async with serve(answer(body=b"x"), downgrade, tls=tls) as seen:
        untrusted, _ = await ran(executor, seen)
        async with HttpRequestExecutor(allow_networks=LOOPBACK, tls=trusting) as own:
            trusted, _ = await ran(own, seen)
            downgraded, _ = await ran(own, seen, follow_redirects=True)
    assert (untrusted.succeeded, untrusted.final) == (False, False)
    assert "certificate" in str(untrusted.error_message)
    assert trusted.succeeded
    assert downgraded.final
    assert downgraded.error_message == "refused: redirect from https to http at 127.0.0.1"


async def test_error_messages_hold_no_query(executor: HttpRequestExecutor) -> None:
    async with serve(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n") as seen:
        for url in (
            seen.url,
            "http://127.0.0.1:1/",
            "http://no-such-host.invalid/",
            "http://127.1/",
            "http://10.0.0.1/",
        ):
            result, log = await ran(executor, seen, url=url + "?token=SECRET")
            assert not result.succeeded
            assert "SECRET" not in str(result) + log


async def test_nobody_listens(executor: HttpRequestExecutor) -> None:
    async with serve(answer()) as seen:
        pass
    result, log = await ran(executor, seen)
    assert (result.succeeded, result.final, log) == (False, False, "")
    assert result.error_message == f"no connection to 127.0.0.1:{seen.port}: Connection refused"
