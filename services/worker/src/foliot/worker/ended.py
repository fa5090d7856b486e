"""Ended: an attempt whose work is over, on its way to be recorded."""

from __future__ import annotations

import msgspec

from foliot.common.model.execution import Outcome
from foliot.common.model.retry import Finished
from foliot.common.model.states import ExecutionStatus, Trigger
from foliot.worker.claimed import Claimed
from foliot.worker.executors.attempt import Result

_MESSAGE_LIMIT = 4_000
"""Characters of an error_message."""


class Ended(Outcome, frozen=True, kw_only=True):
    """The outcome of an attempt, and the facts that decide what follows from it.

    `at`: the moment at which the work was over, by the clock's elapsed(). `final` and `retry_after` (seconds): as
    Finished has them.
    """

    claimed: Claimed
    at: float
    final: bool = False
    retry_after: float | None = None
    log_error: str | None = None
    """See Result."""

    @classmethod
    def of(cls, claimed: Claimed, status: ExecutionStatus, result: Result, logs: str, at: float) -> Ended:
        """The end of `claimed` in a form that PostgreSQL can store: no NUL, the message not too long."""
        message = result.error_message
        return cls(
            execution_id=claimed.execution_id,
            scheduled_time=claimed.scheduled_time,
            status=status.value,
            exit_code=result.exit_code,
            http_status=result.http_status,
            error_message=message[:_MESSAGE_LIMIT].replace("\0", "\ufffd") if message else None,
            logs=logs or None,
            claimed=claimed,
            at=at,
            final=result.final,
            retry_after=result.retry_after,
            log_error=result.log_error,
        )

    @property
    def is_plain(self) -> bool:
        """True for a success after which nothing follows but, rarely, a run that waits for it."""
        return (
            self.status == ExecutionStatus.COMPLETED
            and not self.claimed.settles
            and self.claimed.trigger is not Trigger.REPLAY
        )

    def without_result(self, error: Exception) -> Ended:
        """The same attempt as FAILED, without the values that PostgreSQL refused with `error`."""
        return msgspec.structs.replace(
            self,
            status=ExecutionStatus.FAILED.value,
            exit_code=None,
            http_status=None,
            error_message=f"the result could not be stored: {type(error).__name__}",
            logs=None,
            retry_after=None,
            log_error=None,
        )

    def finished(self) -> Finished:
        """The attempt as `conclude` takes it."""
        claimed = self.claimed
        return Finished(
            execution_id=claimed.execution_id,
            job_id=claimed.job_id,
            scheduled_time=claimed.scheduled_time,
            attempt_number=claimed.attempt_number,
            status=ExecutionStatus(self.status),
            trigger=claimed.trigger,
            retry_policy=claimed.retry_policy,
            error_message=self.error_message,
            final=self.final,
            retry_after=self.retry_after,
        )
