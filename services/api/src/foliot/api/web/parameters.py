"""Parameters of a request, from its query and its path: read into their types, or refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from foliot.api.queries.bounds import LAST_ID
from foliot.common.errors import FieldError, Invalid, NotFound


def check_names(request: web.Request, allowed: Sequence[str]) -> None:
    """An unknown query parameter is an error, never ignored: a misspelt filter would show everything."""
    wrong = [name for name in request.query if name not in allowed]
    if wrong:
        known = ", ".join(allowed) or "none"
        raise Invalid([FieldError(name, f"is not a parameter here; the parameters are {known}") for name in wrong])


def choice(request: web.Request, name: str, options: Sequence[str]) -> str | None:
    value = request.query.get(name)
    if value is not None and value not in options:
        raise Invalid([FieldError(name, f"must be one of {', '.join(options)}")])
    return value


def number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > LAST_ID:
        raise Invalid([FieldError(name, "must be a whole number")])
    return int(text)


def moment(request: web.Request, name: str) -> datetime | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise Invalid([FieldError(name, "must be an RFC 3339 time such as 2030-01-31T09:00:00Z")])
    return value


def path_id(request: web.Request, name: str) -> int:
    """The id in the path. Text that is no id names nothing: NotFound."""
    text = request.match_info[name]
    if not text.isascii() or not text.isdigit() or int(text) > LAST_ID:
        raise NotFound(f"there is no {name.removesuffix('_id')} {text[:40]}")
    return int(text)
