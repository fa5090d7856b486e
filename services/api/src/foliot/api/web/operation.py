"""An operation: all that one method of one path takes, answers and refuses, said once.

The door (web/door.py) makes its route and checks from it, and the room `operations` its description.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from foliot.api.web.auth import Role
from foliot.api.web.bodies import JSON, NDJSON, PATCHES
from foliot.api.web.error_codes import ERROR_CODES, EVERYWHERE

JOB_KEY = "job_key"
"""The name in a path that is text: a job's key. The others are ids."""


class Body(msgspec.Struct, frozen=True):
    """The body of a request: an object of this `shape`. `decode` makes the handler's value of it and raises Invalid.

    Without `decode` the handler decodes. It gets a merge patch of the shape as an object if `patch`, else the bytes.
    `optional`: no body counts as {}. `lines`: ndjson is taken too. `max_bytes`: larger than other bodies may be.
    """

    shape: type[msgspec.Struct]
    decode: Callable[[dict[str, Any]], Any] | None = None
    patch: bool = False
    optional: bool = False
    lines: bool = False
    max_bytes: int | None = None

    @property
    def raw(self) -> bool:
        return self.decode is None and not self.patch

    @property
    def types(self) -> tuple[str, ...]:
        return PATCHES if self.patch else (*JSON, NDJSON) if self.lines else JSON


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table. `id` names it in clients that are made from the description, and its file of examples/.

    `role`: the least one that may call it. `query`: a Struct of its parameters. `answers`: status -> Struct of the
    body (None: no body). `errors`: codes of its own, beside those that follow from the rest. `headers`: of its answers.
    `idempotent`: it honours Idempotency-Key. `conditional`: it honours If-Match. `creates`: it honours If-None-Match.
    `origin`: the id of the row by job_id, of which this one by job_key is made. `of_deleted`: deleted jobs too.
    `text`: its query can ask for text/plain instead.
    """

    method: str
    path: str
    id: str
    handler: Callable[..., Awaitable[web.StreamResponse]]
    role: Role
    summary: str
    note: str = ""
    query: type[msgspec.Struct] | None = None
    body: Body | None = None
    answers: Mapping[int, type[msgspec.Struct] | None]
    errors: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    idempotent: bool = False
    conditional: bool = False
    creates: bool = False
    origin: str | None = None
    of_deleted: bool = False
    text: bool = False

    @property
    def names(self) -> list[str]:
        """The names in the path."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def tag(self) -> str:
        """The group of the reference."""
        first = self.path.split("/")[2]
        return f"{first} by key" if JOB_KEY in self.names else first

    def codes(self) -> list[str]:
        """Every error code that it may answer, by status."""
        found = {*EVERYWHERE, *self.errors}
        if self.role > Role.VIEWER:
            found.add("forbidden")
        if self.names:
            found.add("not_found")
        if self.body is not None:
            found |= {"hung_up", "too_slow", "too_large", "unsupported_media_type"}
        if self.idempotent:
            found |= {"in_flight", "idempotency_key_reused"}
        if self.conditional or self.creates:
            found.add("stale_version")
        return [code for code in ERROR_CODES if code in found]
