"""Examples: one file an operation, examples/<id>.http. A test sends each of them to a live server.

Operations by job_key have the example of the one by job_id, with their own path.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import msgspec
import orjson

from foliot.api.web.operation import JOB_KEY, Operation


class Example(msgspec.Struct, frozen=True):
    """A request as a person would send it. `path` may name ids, such as {job_id}; `body`: None for none."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


def example_of(operation: Operation) -> Example:
    if operation.origin is None:
        return _read(operation.id)
    by_id = _read(operation.origin)  # the path is the only difference
    return msgspec.structs.replace(by_id, path=by_id.path.replace("/{job_id}", f"/by-key/{{{JOB_KEY}}}"))


@cache
def _read(name: str) -> Example:
    text = (resources.files("foliot.api.operations") / "examples" / f"{name}.http").read_text()
    head, _, body = text.partition("\n\n")
    first, *lines = head.strip().split("\n")
    method, path = first.split()
    headers = dict(line.split(": ", 1) for line in lines)
    return Example(method, path, headers, orjson.loads(body) if body.strip() else None)
