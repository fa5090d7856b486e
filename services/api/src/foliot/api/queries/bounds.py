"""The ends of time and of ids: where a list without a cursor begins, and filters that narrow nothing."""

from __future__ import annotations

from datetime import UTC, datetime

FIRST_TIME = datetime(1, 1, 1, tzinfo=UTC)
LAST_TIME = datetime(9999, 12, 31, tzinfo=UTC)
LAST_ID = 2**63 - 1
"""The largest bigint of PostgreSQL."""
LAST_ATTEMPT = 2**31 - 1
"""The largest integer of PostgreSQL."""
