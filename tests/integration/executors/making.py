"""Attempts to carry out."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from foliot.common.model.payloads import decode
from foliot.worker.executors.attempt import Attempt

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_execution_ids = count(9_000_001)


def make_attempt(job_type: str, *, fields: dict[str, Any] | None = None, **payload: Any) -> Attempt:
    """Make an attempt of `job_type` with the payload's fields as keywords; `fields` are the attempt's own."""
    given: dict[str, Any] = {
        "execution_id": next(_execution_ids),
        "job_id": 42,
        "attempt_number": 2,
        "scheduled_time": datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        "payload": decode(job_type, payload),
        "timeout_seconds": 30,
        "traceparent": TRACEPARENT,
    }
    return Attempt(**(given | (fields or {})))
