"""The door of an operation: its row of the table as the handler of its route. What it checks is prepared once.

In this order: the caller's role, the parameters, the ids or the job_key of the path, the body.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from foliot.api.queries.bounds import LAST_ID
from foliot.api.web.bodies import check_type, parse_object
from foliot.api.web.call import Call
from foliot.api.web.callers import caller_of
from foliot.api.web.job_keys import JobKeys, key_in
from foliot.api.web.large_bodies import place_for
from foliot.api.web.numbers import whole
from foliot.api.web.operation import JOB_KEY, Body, Operation
from foliot.api.web.query import reader_of
from foliot.common.errors import NotFound

_usual = contextlib.nullcontext()
Handler = Callable[[Call[Any, Any]], Awaitable[web.StreamResponse]]


def door(
    operation: Operation, handler: Handler, keys: JobKeys | None = None
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """`handler`: that of the row, bound to its object. `keys`: finds the job of a row by job_key."""
    role, body = operation.role, operation.body
    names, keyed = [name for name in operation.names if name != JOB_KEY], JOB_KEY in operation.names
    read_query = reader_of(operation.query)
    without_query = read_query({})

    async def opened(request: web.Request) -> web.StreamResponse:
        caller = caller_of(request)
        caller.principal.require(role)
        query = read_query(request.query) if "?" in request.raw_path else without_query
        ids = {name: _id(request, name) for name in names} if names else {}
        key = key_in(request) if keyed else None
        if key is not None and operation.origin is not None:
            assert keys is not None
            ids["job_id"] = await keys.job_id(caller.principal, key, deleted=operation.of_deleted)
        if body is None:
            return await handler(Call(operation, request, caller, ids, query, None, None, key))
        with _usual if body.max_bytes is None else place_for(request):
            decoded, given = _decoded(body, request, await _read(body, request))
            return await handler(Call(operation, request, caller, ids, query, decoded, given, key))

    return opened


def _id(request: web.Request, name: str) -> int:
    """The id in the path. Text that is no id names nothing: NotFound."""
    text = request.match_info[name]
    value = whole(text, LAST_ID)
    if value is None:
        raise NotFound(f"there is no {name.removesuffix('_id')} {text[:40]}")
    return value


async def _read(body: Body, request: web.Request) -> bytes:
    """Raises what becomes 413 above the bound of the application, or the body's own."""
    wide = request if body.max_bytes is None else request.clone(client_max_size=body.max_bytes)
    return await wide.read()


def _decoded(body: Body, request: web.Request, raw: bytes) -> tuple[Any, dict[str, Any] | bytes]:
    """(What the handler works with, the body as it came). Raises what becomes 400, 413, 415 or 422."""
    if raw or not body.optional:
        check_type(request, body.types)
    if body.raw:
        return raw, raw
    given = parse_object(raw) if raw or not body.optional else {}
    return given if body.decode is None else body.decode(given), given
