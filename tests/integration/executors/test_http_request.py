"""http_request against real servers: what it sends, how the answer is judged, and what is logged."""

from typing import Any

import pytest

from foliot.worker.executors.attempt import Result
from foliot.worker.executors.http_request import HttpRequestExecutor
from foliot.worker.output import Output
from integration.executors.http_calls import ran
from integration.executors.making import TRACEPARENT, make_attempt
from integration.executors.servers import answer, serve


async def test_every_attempt_carries_the_headers_of_the_contract(http: HttpRequestExecutor) -> None:
    async with serve(answer()) as seen:
        result, _ = await ran(http, seen, headers={"X-Team": "a", "user-agent": "mine"})
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
async def test_bodies(http: HttpRequestExecutor, body: Any, content_type: str | None, sent: bytes) -> None:
    async with serve(answer()) as seen:
        for headers in ({}, {"content-TYPE": "application/x-mine"}):
            await ran(http, seen, method="POST", body=body, headers=headers)
    assert seen.bodies == [sent, sent]
    assert seen.headers(0).get("content-type") == content_type
    assert seen.headers(1)["content-type"] == "application/x-mine"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_methods(http: HttpRequestExecutor, method: str) -> None:
    async with serve(b"HTTP/1.1 204 No Content\r\n\r\n") as seen:
        result, _ = await ran(http, seen, method=method, expected_status=["204"])
    assert result.succeeded
    assert seen.heads[0].startswith(f"{method} / ")


async def test_a_url_is_sent_as_it_was_written(http: HttpRequestExecutor) -> None:
    path = "a%2Fb/%41;x?sig=a%2Bb%3D+c&q='\"<>{}"
    async with serve(answer()) as seen:
        await ran(http, seen, url=seen.url + path)
        await ran(http, seen, url=seen.url + "ü?ö=1")
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
        ("418 Teapot", ["2xx"], False, True),
        ("299 Fine", ["2xx"], True, False),
        ("600 Unknown", ["2xx"], False, False),
        ("999 Request denied", ["2xx"], False, False),
        ("999 Request denied", ["999"], True, False),
        ("999 Request denied", ["9xx"], True, False),
        ("999 Request denied", ["5xx"], True, False),
    ],
)
async def test_statuses(
    http: HttpRequestExecutor, status: str, expected_status: list[str], succeeded: bool, final: bool
) -> None:
    async with serve(answer(status)) as seen:
        result, log = await ran(http, seen, expected_status=expected_status)
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
    http: HttpRequestExecutor, retry_on: tuple[str | int, ...] | None, status: int, final: bool
) -> None:
    async with serve(answer(f"{status} X")) as seen:
        attempt = make_attempt("http_request", fields={"retry_on": retry_on}, url=seen.url)
        assert (await http.run(attempt, Output())).final is final
    refused = make_attempt("http_request", fields={"retry_on": retry_on}, url=seen.url)
    assert (await http.run(refused, Output())).final is (retry_on is not None)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["Retry-After: 7"], 7.0),
        (["Date: Mon, 23 Nov 2026 12:00:00 GMT", "Retry-After: Mon, 23 Nov 2026 12:01:00 GMT"], 60.0),
        (["Retry-After: later"], None),
        ([], None),
    ],
)
async def test_retry_after(http: HttpRequestExecutor, headers: list[str], seconds: float | None) -> None:
    async with serve(answer("503 Busy", *headers)) as seen:
        result, _ = await ran(http, seen)
    assert (result.retry_after, result.final) == (seconds, False)


async def test_the_log_has_status_headers_and_start_of_the_body_without_secrets(
    http: HttpRequestExecutor,
) -> None:
    names = ["Set-Cookie", "X-Api-Key", "Authorization", "X-Auth-Token", "X-Key", "X-Credential", "X-Jwt", "X_PWD"]
    secrets = [f"{name}: SECRET" for name in names]
    location = "Location: http://user:SECRET@a.example/b?token=SECRET#SECRET"
    link = "Link: <https://a.example/c?page=SECRET>; rel=next, </d#SECRET>"
    async with serve(answer("302 Found", "X-A: b", *secrets, location, link, body=b"hello \xff\0")) as seen:
        result, log = await ran(http, seen, headers={"Authorization": "Bearer SECRET"})
    assert "X-A: b\n" in log
    assert all(f"{name}: [redacted]\n" in log for name in names)
    assert "Location: http://a.example/b?[redacted]\n" in log
    assert "Link: <https://a.example/c?[redacted]>; rel=next, </d?[redacted]>\n" in log
    assert log.endswith("\n\nhello \ufffd\ufffd\n")
    assert "SECRET" not in log + str(result)


async def test_text_outside_latin_1_arrives_as_utf_8(http: HttpRequestExecutor) -> None:
    async with serve(answer()) as seen:
        headers = {"X-Note": "😱 Grüße"}
        result, _ = await ran(http, seen, url=seen.url + "ä?q=😱", method="POST", headers=headers, body="😱")
    assert result.succeeded
    assert seen.heads[0].startswith("POST /%C3%A4?q=%F0%9F%98%B1 ")
    assert seen.headers()["x-note"] == "😱 Grüße"
    assert seen.bodies == ["😱".encode()]


async def test_error_messages_hold_no_query(http: HttpRequestExecutor) -> None:
    async with serve(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n") as seen:
        for url in (
            seen.url,
            "http://127.0.0.1:1/",
            "http://no-such-host.invalid/",
            "http://127.1/",
            "http://10.0.0.1/",
        ):
            result, log = await ran(http, seen, url=url + "?token=SECRET")
            assert not result.succeeded
            assert "SECRET" not in str(result) + log
