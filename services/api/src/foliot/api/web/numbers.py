"""Whole numbers in paths and parameters."""

from __future__ import annotations

from foliot.api.queries.bounds import LAST_ID

_DIGITS = len(str(LAST_ID))


def whole(text: str, most: int) -> int | None:
    """The whole number from 0 to `most` that the text writes in digits; None if it does not. int() alone would take
    other scripts' digits, and raise above 4,300 of them."""
    if len(text) > _DIGITS or not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    return number if number <= most else None
