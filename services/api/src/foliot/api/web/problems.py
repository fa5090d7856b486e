"""Errors as application/problem+json (RFC 9457): the only place that gives them an HTTP status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from foliot.common.errors import (
    Busy,
    Conflict,
    FieldError,
    FoliotError,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    PreconditionFailed,
    Unauthorized,
    Unavailable,
)

_STATUS: dict[type[FoliotError], int] = {
    Malformed: 400,
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    PreconditionFailed: 412,
    Invalid: 422,
    Unavailable: 503,
    Busy: 503,
}
_HEADERS: dict[int, dict[str, str]] = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "2"}}
"""Headers of a status. Retry-After in seconds."""


def status_of(error: FoliotError) -> int:
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def problem_body(
    status: int, code: str, detail: str, request_id: str, errors: list[FieldError] | None = None
) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _utf8(detail),
        "code": code,
        "request_id": request_id,
        "errors": [{"field": _utf8(error.field), "message": _utf8(error.message)} for error in errors or []],
    }


def _utf8(text: str) -> str:
    """Text that repeats what a caller sent, whose bytes may not have been UTF-8."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def problem(
    status: int, code: str, detail: str, request_id: str, errors: list[FieldError] | None = None, *,
    headers: dict[str, str] | None = None,
) -> web.Response:  # fmt: skip
    return web.Response(
        body=orjson.dumps(problem_body(status, code, detail, request_id, errors), option=orjson.OPT_APPEND_NEWLINE),
        status=status,
        headers=headers or _HEADERS.get(status),
        content_type="application/problem+json",
    )


def problem_of(error: FoliotError, request_id: str) -> web.Response:
    detail = "PostgreSQL is away; try again" if isinstance(error, Unavailable) else str(error)
    return problem(status_of(error), error.code, detail, request_id, getattr(error, "errors", None))
