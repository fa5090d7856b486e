"""Keyset pages: a limit, and an opaque, URL-safe cursor that holds the sort key of the last item shown."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import orjson
from aiohttp import web

from foliot.common.errors import FieldError, Invalid

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
"""Items of one page."""
_Item = TypeVar("_Item")
Page = tuple[list[_Item], str | None]
"""Items, and the cursor of the next page; None: this is the last one."""


def limit_of(request: web.Request) -> int:
    text = request.query.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_LIMIT:
        raise Invalid([FieldError("limit", f"must be 1 to {MAX_LIMIT}")])
    return int(text)


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def cursor_of(request: web.Request, *kinds: type) -> tuple[Any, ...] | None:
    """The values in the request's cursor, of the types `kinds`; None without one."""
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


def cut(found: list[_Item], limit: int, key: Callable[[_Item], tuple[Any, ...]]) -> Page[_Item]:
    """The first `limit` items of a query that asked for one more: if it is there, another page follows. `key`: the
    values of an item behind which the next page begins."""
    if len(found) <= limit:
        return found, None
    return found[:limit], cursor(*key(found[limit - 1]))


def page_body(page: Page[Any]) -> dict[str, Any]:
    items, next_cursor = page
    return {"items": items, "next_cursor": next_cursor}
