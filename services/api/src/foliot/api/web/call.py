"""A call: a request that has passed the door, in the types of its operation. All that a handler gets."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec
import orjson
from aiohttp import hdrs, web

from foliot.api.web.auth import Principal
from foliot.api.web.bodies import parse_object
from foliot.api.web.callers import Caller
from foliot.api.web.operation import Operation
from foliot.common.model.scope import Scope

Query = TypeVar("Query")
Body = TypeVar("Body")


class Call(msgspec.Struct, Generic[Query, Body], frozen=True):
    """`query` and `body`: None for an operation without. `ids`: those in the path, `job_key`: the key in it. `given`:
    the body as it came, an object, or the bytes of one that its handler decodes."""

    operation: Operation
    request: web.Request
    caller: Caller
    ids: dict[str, int]
    query: Query
    body: Body
    given: dict[str, Any] | bytes | None
    job_key: str | None = None

    @property
    def principal(self) -> Principal:
        return self.caller.principal

    @property
    def scope(self) -> Scope:
        """Whose things count."""
        return self.caller.principal.scope

    @property
    def if_match(self) -> str | None:
        if not self.operation.conditional:
            return None
        return self.request.headers.get(hdrs.IF_MATCH)

    @property
    def if_none_match(self) -> str | None:
        if not self.operation.creates:
            return None
        return self.request.headers.get(hdrs.IF_NONE_MATCH)

    def identity(self) -> bytes:
        """Equal for calls that ask for the same, whatever the order and spacing of the members of their bodies."""
        if self.given is None:
            return self.request.query_string.encode()
        if isinstance(self.given, bytes) and self.operation.body is not None and self.operation.body.lines:
            return self.given  # 32 MiB are not sorted
        body = parse_object(self.given) if isinstance(self.given, bytes) else self.given
        return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
