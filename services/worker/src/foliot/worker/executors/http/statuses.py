"""Statuses of an answer, and their meaning for the attempt: success, worth a retry, and after how long."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
"""Statuses whose Location may be followed."""


def matches(status: int, patterns: Iterable[str | int]) -> bool:
    """Tell whether the status is one of `204`, 204 or `2xx`; one above 599, which HTTP does not know, is `5xx` too."""
    texts = (f"{status}", f"{status // 100}xx", f"{min(status // 100, 5)}xx")
    return any(str(pattern) in texts for pattern in patterns)


def retry_after(value: str | None, date: str | None, now: datetime) -> float | None:
    """Read Retry-After as seconds from now, from 0; None if it is absent or cannot be read.

    A date counts from the answer's own Date, because the clocks of two machines differ; from `now` (aware) if there is
    none.
    """
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(min(int(value[:18]), 10**9))
    until = _parsed(value)
    if until is None:
        return None
    return max(0.0, (until - (_parsed(date or "") or now)).total_seconds())


def _parsed(date: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
