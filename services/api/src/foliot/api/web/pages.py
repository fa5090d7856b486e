"""Keyset pages: limit and an opaque, URL-safe cursor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import web

from foliot.common.errors import FieldError, Invalid, NotFound

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
FIRST_TIME = datetime(1, 1, 1, tzinfo=UTC)
LAST_TIME = datetime(9999, 12, 31, tzinfo=UTC)
LAST_ID = 2**63 - 1


def check_names(request: web.Request, allowed: Sequence[str]) -> None:
    """A query parameter that is not known is an error, never ignored."""
    wrong = [name for name in request.query if name not in allowed]
    if wrong:
        known = ", ".join(allowed) or "none"
        raise Invalid([FieldError(name, f"is not a parameter here; the parameters are {known}") for name in wrong])


def limit_of(request: web.Request) -> int:
    text = request.query.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_LIMIT:
        raise Invalid([FieldError("limit", f"must be 1 to {MAX_LIMIT}")])
    return int(text)


def cursor_of(request: web.Request, *kinds: type) -> tuple[Any, ...] | None:
    """The values of the last thing of the former page, as `kinds` say."""
    text = request.query.get("cursor")
    if text is None:
        return None
    try:
        values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError
        return tuple(_value(value, kind) for value, kind in zip(values, kinds, strict=True))
    except (ValueError, TypeError, binascii.Error, UnicodeEncodeError):
        raise Invalid(
            [FieldError("cursor", "is not a cursor of this list: take next_cursor of the former page")]
        ) from None


def _value(value: Any, kind: Any) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(value)
    if not isinstance(value, kind) or (kind is int and not -(2**63) <= value < 2**63):
        raise ValueError
    return value


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def page(items: list[Any], next_cursor: str | None) -> dict[str, Any]:
    return {"items": items, "next_cursor": next_cursor}


def path_id(request: web.Request, name: str) -> int:
    """The number in the path; what is no number names nothing (404)."""
    text = request.match_info[name]
    if not text.isascii() or not text.isdigit() or int(text) > LAST_ID:
        raise NotFound(f"there is no {name.removesuffix('_id')} {text[:40]}")
    return int(text)


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
