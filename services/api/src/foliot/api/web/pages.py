"""Keyset pages: a limit, and an opaque, URL-safe cursor that holds the sort key of the last item shown."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import orjson
from aiohttp import web

from foliot.api.queries.bounds import LAST_ID
from foliot.api.web.parameters import whole
from foliot.common.errors import FieldError, Invalid

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
"""Items of one page."""
_Item = TypeVar("_Item")
Page = tuple[list[_Item], str | None]
"""Items, and the cursor of the next page; None: this is the last one."""


def limit_of(request: web.Request) -> int:
    text = request.query.get("limit")
    limit = DEFAULT_LIMIT if text is None else whole(text, MAX_LIMIT)
    if not limit:
        raise Invalid([FieldError("limit", f"must be 1 to {MAX_LIMIT}")])
    return limit


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def cursor_of(request: web.Request, *kinds: type, most: int = LAST_ID) -> tuple[Any, ...] | None:
    """The values in the request's cursor, of the types `kinds`; None without one. `most`: the largest number that its
    column holds."""
    text = request.query.get("cursor")
    if text is None:
        return None
    try:
        values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError
        return tuple(_value(value, kind, most) for value, kind in zip(values, kinds, strict=True))
    except (ValueError, TypeError, binascii.Error, UnicodeEncodeError):
        raise Invalid(
            [FieldError("cursor", "is not a cursor of this list: take next_cursor of the former page")]
        ) from None


def _value(value: Any, kind: Any, most: int) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    if type(value) is not kind or (kind is int and not -most <= value <= most) or (kind is str and "\0" in value):
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
