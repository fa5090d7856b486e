"""Seeds that once broke a promise: a fault of the product, or one that was planted. They are told first."""

from __future__ import annotations

PAST = (1, 6, 8, 15, 33, 58, 94, 96, 111, 140, 881)
