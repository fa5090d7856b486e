"""Differences between two definitions of a job, member by member."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

Path = tuple[str, ...]
_DEEPEST = 3
"""Names in a path at most, such as payload, headers, Accept: what lies deeper is compared as a whole."""


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[Path]:
    """The paths of members that differ, or that one of them lacks."""
    return list(_differ(old, new, ()))


def _differ(old: Any, new: Any, at: Path) -> Iterator[Path]:
    if isinstance(old, dict) and isinstance(new, dict) and len(at) < _DEEPEST:
        for name in dict.fromkeys((*old, *new)):
            yield from _differ(value_at(old, (name,)), value_at(new, (name,)), (*at, name))
    elif type(old) is not type(new) or old != new:  # 1 and true are equal in Python alone
        yield at


def value_at(value: Any, path: Path) -> Any:
    """UNSET if there is no such member."""
    for name in path:
        value = value.get(name, msgspec.UNSET) if isinstance(value, dict) else msgspec.UNSET
    return value
