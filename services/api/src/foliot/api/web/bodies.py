"""Request bodies and answers: JSON in, JSON out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import orjson
from aiohttp import hdrs, web

from foliot.api.web.json_faults import faults, inexact_numbers
from foliot.api.web.large_answers import LARGE_BYTES, LargeAnswer
from foliot.api.web.refusals import UNKNOWN_ENCODING
from foliot.common.clock import rfc3339
from foliot.common.errors import Invalid, Malformed

_JSON = ("application/json",)
_PATCHES = ("application/json", "application/merge-patch+json")
"""Content types of bodies, and of merge patches."""
_ENCODINGS = ("gzip", "deflate", "identity")
"""What is decoded on the way; others would be read as if they were none."""


class JsonAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A handler's answer before it is bytes. `body`: whatever `dump` makes into JSON; None: no body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)


def respond(answer: JsonAnswer) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    headers = {"Content-Type": "application/json", **answer.headers}
    body = dump(answer.body)
    kind = LargeAnswer if len(body) > LARGE_BYTES else web.Response
    return kind(body=body, status=answer.status, headers=headers)


def dump(body: Any) -> bytes:
    """It ends with a newline, so that a terminal shows the next answer on a line of its own."""
    return orjson.dumps(body, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_APPEND_NEWLINE)


def _default(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, msgspec.Struct):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    raise TypeError(f"{type(value).__name__} is not JSON")


async def read_object(request: web.Request, *, patch: bool = False, optional: bool = False) -> dict[str, Any]:
    """The body as an object; `patch` takes merge patches too, `optional` takes no body for {}. Raises what becomes 400,
    413, 415 or 422 (what json_faults names)."""
    raw = await request.read()
    if not raw and optional:
        return {}
    _check_type(request, *_PATCHES if patch else _JSON)
    return parse_object(raw)


async def read_json(request: web.Request) -> bytes:
    """The body, not parsed yet. Raises what becomes 413 or 415."""
    raw = await request.read()
    _check_type(request, *_JSON)
    return raw


def _check_type(request: web.Request, *allowed: str) -> None:
    if request.headers.get(hdrs.CONTENT_TYPE) not in allowed and request.content_type not in allowed:
        raise web.HTTPUnsupportedMediaType(reason=f"send Content-Type: {' or '.join(allowed)}")
    encoding = request.headers.get(hdrs.CONTENT_ENCODING)
    if encoding is not None and encoding.lower() not in _ENCODINGS:
        raise web.HTTPUnsupportedMediaType(reason=UNKNOWN_ENCODING)


def parse_object(raw: bytes) -> dict[str, Any]:
    """Raises Malformed or Invalid (what json_faults names)."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if errors := inexact_numbers(raw):  # 1e400 is JSON, but no parser's number
            raise Invalid(errors) from None
        place = f"line {error.lineno}, column {error.colno}"
        raise Malformed(f"the body is not JSON: look at {place}") from None
    except RecursionError:
        raise Malformed("the body is not JSON that can be read: it is nested too deeply") from None
    if not isinstance(body, dict):
        raise Malformed("the body is not a JSON object")
    if errors := faults(raw, body):
        raise Invalid(errors)
    return body
