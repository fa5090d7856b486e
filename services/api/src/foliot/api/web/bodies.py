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
"""The character NUL: JSON has no other way to write it."""
_JSON = ("application/json",)
_PATCHES = ("application/json", "application/merge-patch+json")
"""Content types of bodies, and of merge patches."""


class JsonAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A handler's answer before it is bytes. `body`: whatever `dump` makes into JSON; None: no body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)


def respond(answer: JsonAnswer) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    headers = {"Content-Type": "application/json", **answer.headers}
    return web.Response(body=dump(answer.body), status=answer.status, headers=headers)


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
    413, 415 or 422 (NUL in a string)."""
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
    """An error for each string with NUL, which PostgreSQL cannot store. The parser has bounded the depth."""
    if isinstance(value, str):
        return [FieldError(path, "holds the character NUL: remove it")] if "\0" in value else []
    if isinstance(value, dict):
        errors = []
        for key, member in value.items():
            name = f"{path}.{key}" if path else key
            if "\0" in key:
                errors.append(FieldError(name.replace("\0", "?"), "a name holds the character NUL: remove it"))
            errors += _nul_fields(member, name)
        return errors
    if isinstance(value, list):
        return [error for i, member in enumerate(value) for error in _nul_fields(member, f"{path}[{i}]")]
    return []
