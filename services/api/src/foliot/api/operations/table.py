"""The table of operations: the one place from which routes, checks and the description of the API are made."""

from __future__ import annotations

from collections.abc import Sequence
from types import MethodType
from typing import Any

from aiohttp import web

from foliot.api.operations import bulk, cluster, jobs, keyed_jobs, runs, versions
from foliot.api.operations.by_key import with_keys
from foliot.api.web.door import door
from foliot.api.web.job_keys import JobKeys
from foliot.api.web.operation import JOB_KEY, Operation

OPERATIONS = with_keys(
    (
        *jobs.OPERATIONS, *keyed_jobs.OPERATIONS, *versions.OPERATIONS, *bulk.OPERATIONS, *runs.OPERATIONS,
        *cluster.OPERATIONS,
    )
)  # fmt: skip


def routes(handlers: Sequence[Any], keys: JobKeys) -> list[web.RouteDef]:
    """A route for each operation. `handlers`: one object of each class that has a handler of the table. `keys`: finds
    jobs by their keys."""
    by_class = {type(one).__name__: one for one in handlers}
    return [route(one, by_class[one.handler.__qualname__.partition(".")[0]], keys) for one in OPERATIONS]


def route(operation: Operation, owner: Any, keys: JobKeys | None = None) -> web.RouteDef:
    """`owner`: the object whose class has the handler."""
    opened = door(operation, MethodType(operation.handler, owner), keys)
    path = operation.path.replace(f"{{{JOB_KEY}}}", f"{{{JOB_KEY}:[^/]+}}")  # which may have braces, and any / as %2F
    if operation.method == "GET":  # and HEAD
        return web.get(path, opened)
    return web.route(operation.method, path, opened)
