"""Hostile input on every route: whatever a parameter, an id in a path, a cursor or a body holds, never a 500.

Routes come from the application and parameters from what a route says that it knows, so that a new one is tried too.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import msgspec
import orjson
import pytest
import structlog

from support.raw_http import Answer, exchange

from .conftest import SCRIPT, Api

DEEP = b'{"payload": {"script": "x", "body": %b%b%b}, "a": %b%b%b}'
TIMES = (
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999-14:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
    "1970-01-01T00:00:00Z", "9998-12-31T23:59:59Z", "2026-01-01", "2026-01-01T00:00:00", "infinity", "-infinity",
)  # fmt: skip
NUMBERS = (
    "1" * 4_301, "9" * 5_000, "0", "-1", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "1e400", "1.5", "0x10", "1_000", "\u0661", "\u00b2", " 1", "+1", "00000000000000000000001",
)  # fmt: skip
TEXTS = ("", "\0", "a\0b", "\ud800", "\udcff", "\u2028", "%", "'; --", "../..", "x" * 7_000, "=", "a=\0", "*", "😱")
CURSOR_VALUES = (
    *(orjson.dumps(list(values)) for values in (
        ("2026-01-01", 1), ("2026-01-01T00:00:00", 1), ("2026-01-01T00:00:00+00:00", 2**31),
        ("2026-01-01T00:00:00+00:00", 2**63 - 1), ("2026-01-01T00:00:00+00:00", -(2**63)), ("\0", 1), ("a\0", 1),
        ("9999-12-31T23:59:59+00:00", 1), ("9999-12-31T23:59:59-23:59", 1), ("0001-01-01T00:00:00+23:59", 1),
        ("x", 1), ("", 0), (2**63,), (2**64 - 1,), (-(2**63),), (True,), (None,), (1.5,), (1,), ([],), ({}, {}), (),
        ("2026-01-01T00:00:00+00:00", True), ("2026-01-01T00:00:00+00:00", 1.5), (1, 1), ("x" * 5_000, 1),
    )),
    b"[" * 2_000, b"null", b"1", b"\xff", b'["\\ud800",1]', b"[1e400]", b"[" + b"1" * 4_301 + b"]",
)  # fmt: skip
BODIES = (
    *(DEEP % ((b"[" * n, inside, b"]" * n) * 2) for n in (70, 253, 254, 300, 500, 1_000) for inside in (b"1", b'"\\u0000"')),
    b'{"a":' * 300 + b"1" + b"}" * 300, b"[" * 100_000, b"", b"\xff\xfe", b"\xef\xbb\xbf{}", b"null", b"[]", b'"x"', b"{",
    b'{"a": NaN}', b'{"a": 1e400}', b'{"payload": {"script": 1e400}}', b'{"rate": 1e-300, "filter": {}}',
    b'{"execution_ids": [9223372036854775808]}', b'{"execution_ids": [' + b"1" * 5_000 + b"]}", b'{"\\u0000": 1}',
    b'{"schedule": "9999-12-31T23:59:59Z"}', b'{"schedule": "@every 99999999999999999999d"}', b'{"a": "\\ud800"}',
    b'{"start_at": "0001-01-01T00:00:00+14:00", "end_at": "9999-12-31T23:59:59-14:00"}', b'{"max_runs": 1e30}',
    b'{"filter": {"job_id": 18446744073709551616}}', b'{"filter": null}', b'{"filter": []}', b'{"priority": null}',
    b'{"payload": null}', b'{"labels": {"": ""}}', b'{"retry_policy": {"max_age": 1e308}}', b'{"retry_policy": 0}',
    b'{"after": "9998-12-31T23:59:59Z", "schedule": "@every 366d", "count": 100}', b'{"rate": 0.001, "filter": {}}',
    b'{"after": "1970-01-01T00:00:00Z", "schedule": "* * * * *"}', b'{"reason": "\\u0000", "until": "9999-12-31T00:00:00Z"}',
)  # fmt: skip


def cursors() -> Iterator[str]:
    for value in CURSOR_VALUES:
        yield base64.urlsafe_b64encode(value).decode().rstrip("=")


VALUES = (*TIMES, *NUMBERS, *TEXTS, *cursors())


@pytest.fixture(autouse=True)
async def no_error_line(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    with structlog.testing.capture_logs() as lines:
        yield
    assert [line for line in lines if line["log_level"] in ("error", "critical")] == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def routes(api: Api) -> list[tuple[str, str]]:
    found = {
        (route.method, route.resource.canonical)
        for route in api.client.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/v1")
    }
    assert len(found) >= 20
    return sorted(found)


async def ask(api: Api, method: str, target: str, body: bytes | None = None, *more: str) -> Answer:
    """By hand: no client library sends such a target. Bytes that are not UTF-8 are written as surrogates."""
    lines = [f"{method} {target} HTTP/1.1", "Host: a", f"Authorization: Bearer {api.key}", *more]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    head = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
    answer = await exchange(api.client.port, head, body or b"", head_only=method == "HEAD")
    assert answer is not None, (method, target)
    where = (method, target[:200], (body or b"")[:200], answer)
    assert answer.status < 500, where
    assert answer.status != 401 or more, where  # the key stays a key
    if answer.status >= 400 and method != "HEAD":
        answer.problem()
    return answer


def written(value: str) -> str:
    """The value in a target: percent-encoded, but for half pairs, which become bytes that are no UTF-8."""
    return "".join(one if "\udc80" <= one <= "\udcff" else quote(one, safe="", errors="surrogatepass") for one in value)


def filled(path: str, name: str, value: str) -> str:
    """The path with `value` for one of its names, and for the others an id that nothing has: no key revokes itself."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: value if found[1] == name else "1000", path)


async def parameters(api: Api, method: str, path: str) -> list[str]:
    """The parameters that a route says it knows."""
    answer = await ask(api, method, f"{filled(path, '', '')}?no_such=1")
    if answer.status != 422:
        return []
    message = msgspec.json.decode(answer.body)["errors"][0]["message"]
    known = message.partition("the parameters are ")[2]
    return [name for name in known.split(", ") if name != "none"]


async def test_every_parameter_takes_every_value(api: Api) -> None:
    job = await api.create()
    tried = 0
    for method, path in routes(api):
        if method != "GET":
            continue
        there = path.replace("{job_id}", str(job["job_id"]))
        for name in await parameters(api, method, there):
            for value in VALUES:
                await ask(api, method, f"{filled(there, '', '')}?{name}={written(value)}")
                tried += 1
        if "sort" in await parameters(api, method, there):
            for sort in ("job_name", "next_run_time", "last_run_time"):
                for value in cursors():
                    await ask(api, method, f"{there}?sort={sort}&cursor={value}")
    assert tried > 1_000


async def test_every_path_takes_every_id(api: Api) -> None:
    for method, path in routes(api):
        for name in re.findall(r"\{(\w+)", path):
            for value in (*NUMBERS, *TIMES, *TEXTS):
                await ask(api, method, filled(path, name, written(value)), b"{}" if method != "GET" else None)


async def test_every_route_takes_every_body(api: Api) -> None:
    job = await api.create()
    for method, path in routes(api):
        if method in ("GET", "HEAD"):
            continue
        target = filled(path, "job_id", str(job["job_id"]))
        for body in BODIES:
            await ask(api, method, target, body)
            await ask(api, method, target, body, "Idempotency-Key: x")


async def test_every_field_takes_every_value(api: Api) -> None:
    """Of a job and of a preview: one wrong member among right ones."""
    fields = [name for name in (await api.create()) if name not in ("version", "job_id")]
    preview = {"schedule": "0 9 * * *", "timezone": "Europe/Berlin", "count": 3}
    values = (
        *TIMES,
        *TEXTS[:3],
        None,
        True,
        -1,
        2**63,
        1e308,
        0.1,
        [],
        {},
        [[]],
        [None],
        {"a": None},
        {"": 1},
        "1" * 101,
    )
    for name in fields:
        for value in values:
            try:
                raw = orjson.dumps(SCRIPT | {name: value})
            except TypeError:  # half pairs have no JSON
                continue
            await ask(api, "POST", "/v1/jobs", raw)
            await ask(api, "POST", "/v1/schedules/preview", orjson.dumps(preview | {name: value}))


@pytest.mark.parametrize("header", [
    "Authorization: Bearer \udcff", "Authorization: Bearer \u00e4", "Idempotency-Key: \udcff", "Idempotency-Key:",
    "If-Match: \udcff", "X-Request-Id: \udcff", "traceparent: \udcff", "User-Agent: \udcff", "Cache-Control: \udcff",
    "Accept: \udcff", "Content-Type: \udcff", "Content-Type: application/json; charset=\udcff", "Cookie: \udcff",
    "Content-Encoding: \udcff", "Content-Encoding: gzip", "Content-Encoding: deflate", "Content-Encoding: br",
    "Content-Encoding: zstd", "Content-Encoding: x", "Content-Encoding: gzip, gzip", "Range: bytes=0-",
])  # fmt: skip
async def test_every_route_takes_every_header(api: Api, header: str) -> None:
    for method, path in routes(api):
        await ask(api, method, filled(path, "", ""), b"{}" if method != "GET" else None, header)
