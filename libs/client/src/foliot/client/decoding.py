"""An answer as the Struct of its request."""

from __future__ import annotations

from functools import cache
from typing import TypeVar, cast

import msgspec

from foliot.client.exchange import Reply
from foliot.client.request import Request

Answer = TypeVar("Answer")


def decoded(request: Request[Answer], reply: Reply) -> Answer:
    name = request.others.get(reply.status, request.answer)
    return cast(Answer, None if name is None or not reply.body else _decoder(name).decode(reply.body))


@cache
def _decoder(name: str) -> msgspec.json.Decoder[object]:
    """The Structs are imported when the first answer is decoded: the command line shows answers as they came."""
    from foliot.client import types  # noqa: PLC0415

    return msgspec.json.Decoder(getattr(types, name))
