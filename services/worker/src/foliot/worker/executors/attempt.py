"""What an executor is given, what it gives back, and the protocol between it and the runner."""

from datetime import UTC, datetime
from typing import Protocol

import msgspec

from foliot.worker.output import Output


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One claimed execution, ready to be carried out."""

    execution_id: int
    job_id: int
    attempt_number: int
    scheduled_time: datetime
    """Aware, UTC."""
    payload: msgspec.Struct
    """The Struct of the job type."""
    timeout_seconds: float
    traceparent: str
    request_id: str | None = None
    retry_on: tuple[str | int, ...] | None = None
    """`retry_policy.retry_on` of an http_request: `503`, `5xx`, `network`; None means the default."""
    lease_deadline: float | None = None
    """CLOCK_BOOTTIME seconds until which the claim allows a script to run if nothing extends it; None: the
    executor's lease, counted from the start of `run`."""

    @property
    def scheduled_at(self) -> str:
        """scheduled_time as RFC 3339 UTC with six digits and `Z`."""
        return f"{self.scheduled_time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of a run."""
        return f"{self.job_id}:{self.scheduled_at}"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How the attempt ended, unless it was cancelled."""

    succeeded: bool
    error_message: str | None = None
    exit_code: int | None = None
    http_status: int | None = None
    final: bool = False
    """Never retried: refused target, unknown data source or interpreter, status that no retry can change."""
    retry_after: float | None = None
    """Seconds that the server asked to wait before the next attempt."""


class Executor(Protocol):
    """Carries out attempts of one job_type; the runner owns timeout and cancel."""

    async def run(self, attempt: Attempt, output: Output) -> Result:
        """Carry out the attempt; what it prints goes to `output` as it comes.

        Never raises for what a job can cause. On the first CancelledError the work is stopped gracefully, on
        a second one at once; CancelledError goes on when nothing of the attempt is left.
        """
        ...
