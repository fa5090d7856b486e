"""Times that callers give: in UTC, and inside the years that are taken."""

from __future__ import annotations

from datetime import UTC, datetime

FIRST_YEAR, LAST_YEAR = 1970, 9998
"""In UTC. What is counted from such a time (a day, a grace, a jitter) stays inside the calendar."""
OUT_OF_RANGE = f"must lie between {FIRST_YEAR} and {LAST_YEAR}"


def in_utc(moment: datetime) -> datetime | None:
    """None for a time beyond the years. The calendar's very ends have no UTC in some offsets."""
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        return None
    return utc if FIRST_YEAR <= utc.year <= LAST_YEAR else None
