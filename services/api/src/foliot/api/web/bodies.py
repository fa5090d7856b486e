"""Request bodies and answers: JSON in, JSON out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import orjson
from aiohttp import hdrs, web

from foliot.common.clock import rfc3339
from foliot.common.errors import FieldError, Invalid, Malformed

_NUL = b"\\u0000"
"""JSON has no other way to write it."""
_JSON = ("application/json",)
_PATCHES = ("application/json", "application/merge-patch+json")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler has to say, before it is bytes."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)


def respond(answer: Answer) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    headers = {"Content-Type": "application/json", **answer.headers}
    return web.Response(body=dump(answer.body), status=answer.status, headers=headers)


def dump(body: Any) -> bytes:
    return orjson.dumps(body, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _default(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, msgspec.Struct):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    raise TypeError(f"{type(value).__name__} is not JSON")


async def read_object(request: web.Request, *, patch: bool = False, optional: bool = False) -> dict[str, Any]:
    """The body as an object. Raises what becomes 400, 413, 415 or 422 (NUL in a string)."""
    raw = await request.read()
    if not raw and optional:
        return {}
    _check_type(request, *_PATCHES if patch else _JSON)
    return parse_object(raw)


async def read_json(request: web.Request) -> bytes:
    """The body, not looked at. Raises what becomes 413 or 415."""
    raw = await request.read()
    _check_type(request, *_JSON)
    return raw


def _check_type(request: web.Request, *allowed: str) -> None:
    if request.headers.get(hdrs.CONTENT_TYPE) not in allowed and request.content_type not in allowed:
        raise web.HTTPUnsupportedMediaType(reason=f"send Content-Type: {' or '.join(allowed)}")


def parse_object(raw: bytes) -> dict[str, Any]:
    """Raises Malformed or Invalid (NUL in a string)."""
    try:
        body = orjson.loads(raw)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise Malformed(f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise Malformed("the body is not a JSON object")
    if _NUL in raw and (errors := _nul_fields(body, "")):
        raise Invalid(errors)
    return body


def _nul_fields(value: Any, path: str) -> list[FieldError]:
    """Strings with NUL, which PostgreSQL cannot store. Depth is bounded by the parser."""
    if isinstance(value, str):
        return [FieldError(path, "holds the character NUL: remove it")] if "\0" in value else []
    if isinstance(value, dict):
        errors = []
        for key, member in value.items():
            name = f"{path}.{key}" if path else key
            errors += (
                [FieldError(name.replace("\0", "?"), "a name holds the character NUL: remove it")]
                if "\0" in key
                else []
            )
            errors += _nul_fields(member, name)
        return errors
    if isinstance(value, list):
        return [error for i, member in enumerate(value) for error in _nul_fields(member, f"{path}[{i}]")]
    return []
