"""A fence: one guard of the product, and the test that must turn red when the guard is taken out."""

from __future__ import annotations

import msgspec


class Fence(msgspec.Struct, frozen=True):
    """A guard, given as text of a file; `without` is what stands in its place in the copy."""

    name: str
    file: str
    guard: str
    without: str
    test: str
