"""Times in headers and environments are RFC 3339 UTC with six digits and Z."""

from datetime import UTC, datetime, timedelta, timezone

from foliot.common.model.payloads.script import Script
from foliot.worker.executors.attempt import Attempt


def attempt(scheduled_time: datetime) -> Attempt:
    return Attempt(
        execution_id=1,
        job_id=42,
        attempt_number=2,
        scheduled_time=scheduled_time,
        payload=Script(script="true"),
        timeout_seconds=300,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


def test_idempotency_key_is_job_and_scheduled_time() -> None:
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert attempt(noon).idempotency_key == "42:2026-11-23T12:00:00.000000Z"
    berlin = datetime(2026, 11, 23, 13, 0, 0, 7, tzinfo=timezone(timedelta(hours=1)))
    assert attempt(berlin).scheduled_at == "2026-11-23T12:00:00.000007Z"
