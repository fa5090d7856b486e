"""Bound fields: every line of a task has them, such as the request_id of the request that it handles."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

BOUND: ContextVar[Mapping[str, Any]] = ContextVar("bound", default={})  # noqa: B039  # never written to


def bind(**fields: Any) -> None:
    """Add `fields` to every line that this task writes from now on, in place of those bound before."""
    BOUND.set(fields)
