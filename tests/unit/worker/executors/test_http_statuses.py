"""Statuses, Retry-After and redirects, without a server."""

from datetime import UTC, datetime
from typing import Any

import pytest
from yarl import URL

from foliot.common.model.retry import DEFAULT_RETRY_ON
from foliot.worker.executors.http.redirects import Request, follow
from foliot.worker.executors.http.sessions import RefusedTargetError
from foliot.worker.executors.http.statuses import matches, retry_after

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "patterns", "expected"),
    [
        (200, ("2xx",), True),
        (204, ("204",), True),
        (204, (204,), True),
        (204, ("200",), False),
        (302, ("2xx", "3xx"), True),
        (200, (), False),
        (408, DEFAULT_RETRY_ON, True),
        (429, DEFAULT_RETRY_ON, True),
        (503, DEFAULT_RETRY_ON, True),
        (404, DEFAULT_RETRY_ON, False),
        (302, DEFAULT_RETRY_ON, False),
        (499, DEFAULT_RETRY_ON, False),
        (599, DEFAULT_RETRY_ON, True),
        (600, DEFAULT_RETRY_ON, True),
        (999, DEFAULT_RETRY_ON, True),
        (999, ("9xx",), True),
        (999, ("999",), True),
        (999, ("500", "6xx"), False),
    ],
)
def test_matches(status: int, patterns: tuple[str | int, ...], expected: bool) -> None:
    assert matches(status, patterns) is expected


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        (None, None, None),
        ("120", None, 120.0),
        ("0", None, 0.0),
        ("9" * 400, None, 1e9),
        ("Mon, 23 Nov 2026 12:01:40 GMT", None, 100.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", None, 0.0),
        ("Mon, 23 Nov 2026 12:01:40 -0000", None, 100.0),
        ("Mon, 23 Nov 2026 15:00:10 GMT", "Mon, 23 Nov 2026 15:00:00 GMT", 10.0),
        ("Monday, 23-Nov-26 12:00:05 GMT", "nonsense", 5.0),
        ("-1", None, None),
        ("soon", None, None),
        ("1.5", None, None),
        ("²", None, None),
        ("", None, None),
    ],
)
def test_retry_after(value: str | None, date: str | None, seconds: float | None) -> None:
    assert retry_after(value, date, NOW) == seconds


def request(**changes: Any) -> Request:
    given = {
        "method": "POST",
        "url": URL("https://a.example/x"),
        "headers": {
            "Authorization": "Bearer x",
            "X-Api-Key": "y",
            "Accept": "a",
            "Content-Type": "text/plain",
        },
        "body": b"text",
    }
    return Request(**(given | changes))


@pytest.mark.parametrize("status", [301, 302, 303])
def test_post_becomes_get_and_loses_its_body(status: int) -> None:
    hop = follow(request(), status, "/y?z=1")
    assert (hop.method, hop.url, hop.body) == ("GET", URL("https://a.example/y?z=1"), None)
    assert hop.headers == {"Authorization": "Bearer x", "X-Api-Key": "y", "Accept": "a"}


@pytest.mark.parametrize("status", [307, 308])
def test_method_and_body_stay_within_the_origin(status: int) -> None:
    assert follow(request(), status, "y") == request(url=URL("https://a.example/y"))


def test_head_stays_head_and_put_stays_put() -> None:
    assert follow(request(method="HEAD", body=None), 303, "/y").method == "HEAD"
    assert follow(request(method="PUT"), 302, "/y").body == b"text"


@pytest.mark.parametrize(
    "location",
    ["https://b.example/", "https://a.example:8443/", "//b.example/", "https://a.example.b.example/"],
)
def test_credentials_do_not_leave_the_origin(location: str) -> None:
    hop = follow(request(), 302, location)
    assert (hop.method, hop.headers, hop.body) == ("GET", {"Accept": "a"}, None)


def test_a_body_does_not_leave_the_origin() -> None:
    with pytest.raises(RefusedTargetError, match=r"b\.example"):
        follow(request(), 307, "https://b.example/")


def test_an_upgrade_to_https_is_the_same_origin() -> None:
    plain = request(url=URL("http://a.example/x"))
    assert follow(plain, 308, "https://a.example/x") == request()
    assert "Authorization" not in follow(plain, 302, "https://a.example:444/x").headers
    assert "Authorization" not in follow(plain, 302, "https://b.example/x").headers


@pytest.mark.parametrize(
    "location",
    [
        "http://a.example/",
        "http://b.example/",
        "ftp://a.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user:password@a.example/",
        "https://a.example:99999/",
        "https://[::1",
    ],
)
def test_redirects_that_are_refused(location: str) -> None:
    with pytest.raises(RefusedTargetError):
        follow(request(), 302, location)


def test_a_signed_location_is_kept_as_it_is() -> None:
    location = "https://b.example/a%2Fb?sig=a%2Bb%3D&x=%41"
    assert str(follow(request(body=None, method="GET"), 302, location).url) == location
