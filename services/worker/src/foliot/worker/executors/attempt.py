"""The protocol between the runner and an executor: an Attempt goes in, a Result comes out."""

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
    tenant: str = ""
    """The team or, without one, the user whose job it is: what is shared, such as connections, is shared by tenants."""
    retry_on: tuple[str | int, ...] | None = None
    """`retry_policy.retry_on` of an http_request: `503`, `5xx`, `network`; None means the default."""
    lease_deadline: float | None = None
    """CLOCK_BOOTTIME seconds until which a script may run if nothing extends its lease; None: the executor's own lease,
    counted from the start of `run`."""

    @property
    def scheduled_at(self) -> str:
        """scheduled_time as RFC 3339 UTC with six digits and `Z`."""
        return f"{self.scheduled_time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"

    @property
    def idempotency_key(self) -> str:
        """The key that all attempts of a run share: job_id and scheduled_time."""
        return f"{self.job_id}:{self.scheduled_at}"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The end of an attempt that was not cancelled."""

    succeeded: bool
    error_message: str | None = None
    """The reason of a failure, for those who may read the job."""
    log_error: str | None = None
    """The same for Foliot's own log, without anything of the payload; None: error_message holds nothing of it."""
    exit_code: int | None = None
    http_status: int | None = None
    final: bool = False
    """True if no retry can help: a refused target, an unknown data source or interpreter, a status that stays."""
    retry_after: float | None = None
    """Seconds that the server asked to wait before the next attempt."""


class Executor(Protocol):
    """Carries out attempts of one job_type; the runner owns timeout and cancel."""

    async def run(self, attempt: Attempt, output: Output) -> Result:
        """Carry out the attempt; what it prints goes to `output` as it comes.

        It raises no error that a job can cause. The first CancelledError stops the work gracefully, a second one at
        once; the executor raises it again when nothing of the attempt is left.
        """
        ...
