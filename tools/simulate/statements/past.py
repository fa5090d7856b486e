"""Seeds that once broke a promise: a fault of the product, or one that was planted. They are told first."""

from __future__ import annotations

PAST: tuple[int, ...] = ()
