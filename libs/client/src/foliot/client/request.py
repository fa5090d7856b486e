"""A request of the API as data. It does nothing by itself: a transport sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec

Answer = TypeVar("Answer")


class Request(msgspec.Struct, Generic[Answer], frozen=True, kw_only=True):
    """`answer`: the name of its Struct in `types`; None: the answer has no body. `others`: of other statuses.

    `repeatable`: it may be sent again when its outcome is unknown, because it reads, or because it carries an
    Idempotency-Key. `keyed`: it takes one.
    """

    method: str
    path: str
    answer: str | None = None
    others: Mapping[int, str] = {}
    query: Mapping[str, Any] = {}
    headers: Mapping[str, str | None] = {}
    body: Any = None
    content_type: str = "application/json"
    keyed: bool = False
    repeatable: bool = True

    def after(self, cursor: str) -> Request[Answer]:
        """The same list from there on."""
        return msgspec.structs.replace(self, query={**self.query, "cursor": cursor})

    @property
    def target(self) -> str:
        asked = [pair for name, value in self.query.items() for pair in _pairs(name, value)]
        return f"{self.path}?{urlencode(asked)}" if asked else self.path


def _pairs(name: str, value: Any) -> list[tuple[str, str]]:
    """Labels come one by one, other lists with commas. None is not sent."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [(name, f"{key}={text}") for key, text in value.items()]
    if isinstance(value, list | tuple):
        return [(name, one) for one in value] if name == "label" else [(name, ",".join(map(str, value)))]
    if isinstance(value, bool):
        return [(name, "true" if value else "false")]
    return [(name, value.isoformat() if hasattr(value, "isoformat") else str(value))]


def segment(value: int | str) -> str:
    """An id or a key as one part of a path."""
    return quote(str(value), safe="")
