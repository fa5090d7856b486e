"""Examples: one file an operation, examples/<id>.http. A test sends each of them to a live server."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import msgspec
import orjson

from foliot.api.web.operation import Operation


class Example(msgspec.Struct, frozen=True):
    """A request as a person would send it. `path` may name ids, such as {job_id}; `body`: None for none."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


def example_of(operation: Operation) -> Example:
    return _read(operation.id)


@cache
def _read(name: str) -> Example:
    text = (resources.files("foliot.api.operations") / "examples" / f"{name}.http").read_text()
    head, _, body = text.partition("\n\n")
    first, *lines = head.strip().split("\n")
    method, path = first.split()
    headers = dict(line.split(": ", 1) for line in lines)
    return Example(method, path, headers, orjson.loads(body) if body.strip() else None)
