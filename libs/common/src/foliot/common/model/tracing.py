"""W3C trace context, for correlation alone: one trace id goes from the HTTP request to the child process."""

from __future__ import annotations

import re

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def valid_traceparent(given: str | None) -> str | None:
    """The header that a caller sent, in lower case; None if it is no traceparent."""
    lower = given.lower() if given else ""
    return lower if lower and _TRACEPARENT.fullmatch(lower) else None


def trace_id(traceparent: str | None) -> str | None:
    """The trace id of a valid traceparent: all log lines of one trace share it."""
    return traceparent[3:35] if traceparent else None
