"""Answers: a Struct, made into JSON by the one encoder."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import orjson
from aiohttp import web

from foliot.api.web.large_answers import LARGE_BYTES, LargeAnswer
from foliot.common.clock import rfc3339


class JsonAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A handler's answer before it is bytes. `body`: a Struct of the operation's `answers`, or JSON that was made
    already; None: no body."""

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
    if isinstance(value, msgspec.Struct):  # without the members that are UNSET
        names = value.__struct_fields__
        return {name: one for name in names if (one := getattr(value, name)) is not msgspec.UNSET}
    raise TypeError(f"{type(value).__name__} is not JSON")
