"""Bodies of requests: bytes of a type that is read here, and JSON objects without faults."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import hdrs, web

from foliot.api.web.json_faults import faults, inexact_numbers
from foliot.api.web.refusals import UNKNOWN_ENCODING
from foliot.common.errors import Invalid, Malformed

JSON = ("application/json",)
NDJSON = "application/x-ndjson"
PATCHES = ("application/json", "application/merge-patch+json")
"""Content types of bodies, of those with a line a thing, and of merge patches."""
_ENCODINGS = ("gzip", "deflate", "identity")
"""What is decoded on the way; others would be read as if they were none."""


def check_type(request: web.Request, allowed: tuple[str, ...]) -> None:
    """Raises what becomes 415."""
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
