"""Answers: reading a bounded part of one, and writing it to the log without secrets."""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec
from aiohttp import ClientResponse

from foliot.common.model.hidden import looks_secret
from foliot.worker.executors.http.bodies import read_body
from foliot.worker.executors.http.statuses import REDIRECTS, retry_after
from foliot.worker.output import Output

_SHOWN: Final = 2_000
"""Characters of a header's name, its value or the reason phrase that go to the log."""

_HOLDS_URL: Final = frozenset({"location", "content-location", "refresh", "link"})
_QUERY = re.compile(r"[?#][^\s>;,]*")
_USER = re.compile(r"//[^/\s@]*@")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class HttpAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of an answer that the executor judges by, and those that the next request of a redirect needs."""

    status: int
    reason: str
    location: str | None
    """Of a redirect."""
    set_cookies: tuple[str, ...]
    retry_after: float | None
    """Seconds."""


async def read(response: ClientResponse, output: Output) -> HttpAnswer:
    """Read an answer into the log and close it."""
    try:
        _log_head(response, output)
        await read_body(response, output)
    finally:
        response.close()  # after an answer that was read to its end, the connection is in the pool already
    headers = response.headers
    return HttpAnswer(
        status=response.status,
        reason=_shown(response.reason or ""),
        location=headers.get("Location") if response.status in REDIRECTS else None,
        set_cookies=tuple(headers.getall("Set-Cookie", ())),
        retry_after=retry_after(headers.get("Retry-After"), headers.get("Date"), datetime.now(UTC)),
    )


def _log_head(response: ClientResponse, output: Output) -> None:
    version = response.version
    protocol = f"HTTP/{version.major}.{version.minor}" if version else "HTTP"
    lines = [f"{protocol} {response.status} {_shown(response.reason or '')}".rstrip()]
    lines += [f"{_shown(name)}: {_value(name, value)}" for name, value in response.headers.items()]
    output.write_text("\n".join(lines) + "\n\n")


def _value(name: str, value: str) -> str:
    """Return a header's value in a form that may be logged: in a URL, user and query may be credentials."""
    if looks_secret(name):
        return "[redacted]"
    if name.lower() in _HOLDS_URL:
        value = _QUERY.sub("?[redacted]", _USER.sub("//", value))
    return _shown(value)


def _shown(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text[:_SHOWN])
