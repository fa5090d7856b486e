"""The table of operations: the one place from which routes, checks and the description of the API are made."""

from __future__ import annotations

from collections.abc import Sequence
from types import MethodType
from typing import Any

from aiohttp import web

from foliot.api.operations import bulk, cluster, jobs, runs
from foliot.api.web.door import door
from foliot.api.web.operation import Operation

OPERATIONS = (*jobs.OPERATIONS, *bulk.OPERATIONS, *runs.OPERATIONS, *cluster.OPERATIONS)


def routes(handlers: Sequence[Any]) -> list[web.RouteDef]:
    """A route for each operation. `handlers`: one object of each class that has a handler of the table."""
    by_class = {type(one).__name__: one for one in handlers}
    return [route(one, by_class[one.handler.__qualname__.partition(".")[0]]) for one in OPERATIONS]


def route(operation: Operation, owner: Any) -> web.RouteDef:
    """`owner`: the object whose class has the handler."""
    opened = door(operation, MethodType(operation.handler, owner))
    if operation.method == "GET":  # and HEAD
        return web.get(operation.path, opened)
    return web.route(operation.method, operation.path, opened)
