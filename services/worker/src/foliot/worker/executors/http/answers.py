"""Reading an answer: a bounded part of its body, and what of it stands in the log."""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec
from aiohttp import ClientResponse

from foliot.worker.executors.http.statuses import REDIRECTS, retry_after
from foliot.worker.output import Output

MAX_BODY_BYTES: Final = 1024 * 1024
"""Read after decompression; the rest is left unread and the connection closed."""

LOGGED_BODY_BYTES: Final = 6 * 1024

_SECRET = re.compile(r"cookie|auth|token|secret|passw|session|csrf|xsrf|api-?key|signature", re.IGNORECASE)
_HOLDS_URL: Final = frozenset({"location", "content-location", "refresh", "link"})
_QUERY = re.compile(r"[?#][^\s>;,]*")
_USER = re.compile(r"//[^/\s@]*@")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the executor judges by."""

    status: int
    reason: str
    location: str | None
    retry_after: float | None


async def read(response: ClientResponse, output: Output) -> Answer:
    """Read the answer into the log and close it."""
    try:
        _log_head(response, output)
        await _read_body(response, output)
    finally:
        response.close()  # a connection whose answer was read to its end has gone back to the pool before
    headers = response.headers
    return Answer(
        status=response.status,
        reason=_shown(response.reason or ""),
        location=headers.get("Location") if response.status in REDIRECTS else None,
        retry_after=retry_after(headers.get("Retry-After"), headers.get("Date"), datetime.now(UTC)),
    )


async def _read_body(response: ClientResponse, output: Output) -> None:
    size = 0
    async for chunk in response.content.iter_any():
        room = LOGGED_BODY_BYTES - size
        if room > 0:
            output.write(chunk[:room])
        size += len(chunk)
        if size >= MAX_BODY_BYTES:
            break
    if size > LOGGED_BODY_BYTES:
        more = "or more " if size >= MAX_BODY_BYTES else ""
        output.write_text(f"\n... start of a body of {size} {more}bytes ...")
    if size:
        output.write(b"\n")


def _log_head(response: ClientResponse, output: Output) -> None:
    version = response.version
    protocol = f"HTTP/{version.major}.{version.minor}" if version else "HTTP"
    lines = [f"{protocol} {response.status} {_shown(response.reason or '')}".rstrip()]
    lines += [f"{_shown(name)}: {_value(name, value)}" for name, value in response.headers.items()]
    output.write_text("\n".join(lines) + "\n\n")


def _value(name: str, value: str) -> str:
    """Return a header as it may be logged: in a URL, user and query may be credentials."""
    if _SECRET.search(name):
        return "[redacted]"
    if name.lower() in _HOLDS_URL:
        value = _QUERY.sub("?[redacted]", _USER.sub("//", value))
    return _shown(value)


def _shown(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text[:2_000])
