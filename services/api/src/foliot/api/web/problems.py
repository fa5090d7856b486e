"""Errors as application/problem+json (RFC 9457): the only place that gives them an HTTP status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
import orjson
from aiohttp import web

from foliot.common.errors import (
    Conflict,
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
}
_HEADERS: dict[int, dict[str, str]] = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "2"}}
"""Headers of a status. Retry-After in seconds."""


def status_of(error: FoliotError) -> int:
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def problem_body(
    status: int, code: str, detail: str, request_id: str, errors: list[Any] | None = None
) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
        "errors": [msgspec.to_builtins(error) for error in errors or []],
    }


def problem(status: int, code: str, detail: str, request_id: str, errors: list[Any] | None = None) -> web.Response:
    return web.Response(
        body=orjson.dumps(problem_body(status, code, detail, request_id, errors), option=orjson.OPT_APPEND_NEWLINE),
        status=status,
        headers=_HEADERS.get(status),
        content_type="application/problem+json",
    )


def problem_of(error: FoliotError, request_id: str) -> web.Response:
    detail = "PostgreSQL is away; try again" if isinstance(error, Unavailable) else str(error)
    return problem(status_of(error), error.code, detail, request_id, getattr(error, "errors", None))
