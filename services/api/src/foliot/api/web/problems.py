"""Errors as application/problem+json (RFC 9457): the only place that makes them into HTTP answers."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from aiohttp import web

from foliot.api.web.answers import dump
from foliot.api.web.error_codes import ERROR_CODES
from foliot.common.errors import FieldError, FoliotError, Unavailable

_HEADERS: dict[int, dict[str, str]] = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "2"}}
"""Headers of a status. Retry-After in seconds."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An error. `type` is where the reference explains its `code`; `errors` names every wrong field."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldError]


def problem_of(code: str, detail: str, request_id: str, errors: list[FieldError] | None = None) -> Problem:
    status = ERROR_CODES[code].status
    return Problem(
        type=f"/docs/errors#{code}", title=HTTPStatus(status).phrase, status=status, detail=_utf8(detail), code=code,
        request_id=request_id, errors=[FieldError(_utf8(one.field), _utf8(one.message)) for one in errors or []],
    )  # fmt: skip


def _utf8(text: str) -> str:
    """Text that repeats what a caller sent, whose bytes may not have been UTF-8."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def refused(
    code: str, detail: str, request_id: str, errors: list[FieldError] | None = None, *,
    headers: dict[str, str] | None = None,
) -> web.Response:  # fmt: skip
    """The answer to a request that failed."""
    problem = problem_of(code, detail, request_id, errors)
    return web.Response(
        body=dump(problem), status=problem.status, headers=headers or _HEADERS.get(problem.status),
        content_type="application/problem+json",
    )  # fmt: skip


def refused_for(error: FoliotError, request_id: str) -> web.Response:
    detail = "PostgreSQL is away; try again" if isinstance(error, Unavailable) else str(error)
    return refused(error.code, detail, request_id, getattr(error, "errors", None))
