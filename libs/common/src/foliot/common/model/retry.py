"""Retry: the decision if another attempt follows one that has ended, and the delay before it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from foliot.common.model.states import RETRIED, ExecutionStatus, Trigger

_SECONDS = {"unit": "seconds"}


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """The retry_policy of a job; its defaults are those of the API. Times are in seconds.

    `delay_seconds`: the same delay before each retry; backoff_factor and max_backoff then decide none.
    The bounds are the API's too. They keep every delay far below the longest timedelta, so that a row written by hand
    cannot make a delay that fails its whole batch.
    """

    max_retries: Annotated[int, Meta(ge=0, le=100)] = 3
    backoff_factor: Annotated[float, Meta(ge=0, le=3600, extra=_SECONDS)] = 3
    delay_seconds: Annotated[float, Meta(ge=0, le=86_400 * 7, extra=_SECONDS)] | None = None
    max_backoff: Annotated[float, Meta(ge=0, le=86_400 * 7, extra=_SECONDS)] = 3600
    jitter: Annotated[float, Meta(ge=0, le=1, extra={"unit": "a ratio: 0.1 is 10 %"})] = 0
    max_age: Annotated[float, Meta(gt=0, le=86_400 * 366, extra=_SECONDS)] | None = None
    retry_on: list[int | str] | None = None

    def delay_after(self, attempt_number: int, u: float, retry_after: float | None = None) -> timedelta:
        """The delay before the next attempt: `plain_delay` x (1 + jitter x u), u in -1..1.

        `retry_after`: seconds that the target asked for. The longer of the two delays counts, up to max_backoff.
        """
        seconds = self.plain_delay(attempt_number) * (1 + self.jitter * u)
        if retry_after is not None:
            seconds = max(seconds, min(retry_after, self.max_backoff))
        return timedelta(seconds=seconds)

    def plain_delay(self, attempt_number: int) -> float:
        """delay_seconds, or min(max_backoff, backoff_factor ** n)."""
        if self.delay_seconds is not None:
            return self.delay_seconds
        try:
            return min(self.max_backoff, self.backoff_factor**attempt_number)
        except OverflowError:
            return self.max_backoff


DEFAULT_POLICY = RetryPolicy()
STORED_BY_DEFAULT = {"max_retries": DEFAULT_POLICY.max_retries, "backoff_factor": DEFAULT_POLICY.backoff_factor}
"""The retry_policy of a row whose creator gave none: the column's default in SQL, held to it by a test."""


def policy_from(raw: dict[str, Any] | None) -> RetryPolicy:
    """The policy of a row of `jobs`. Missing members take their defaults; nonsense written by hand is replaced by
    DEFAULT_POLICY."""
    if raw == STORED_BY_DEFAULT:
        return DEFAULT_POLICY
    try:
        return msgspec.convert({k: v for k, v in (raw or {}).items() if v is not None}, RetryPolicy)
    except (msgspec.ValidationError, AttributeError):
        return DEFAULT_POLICY


DEFAULT_RETRY_ON = ("408", "429", "5xx", "network")
"""The failures of an http_request that are retried where its policy names none: those that may pass by themselves."""


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that ended in this transaction, with the facts that decide if another follows.

    `final`: no retry, despite the policy. `retry_after`: seconds, as in `RetryPolicy.delay_after`.
    """

    execution_id: int
    job_id: int
    scheduled_time: datetime
    attempt_number: int
    status: ExecutionStatus
    trigger: Trigger
    retry_policy: RetryPolicy
    error_message: str | None = None
    final: bool = False
    retry_after: float | None = None


def retry_delay(finished: Finished, ended_at: datetime, u: float) -> timedelta | None:
    """The delay before the next attempt, None if none follows. `u`: uniform in -1..1."""
    policy = finished.retry_policy
    if finished.status not in RETRIED or finished.final or finished.trigger is Trigger.REPLAY:
        return None
    if finished.attempt_number > policy.max_retries:
        return None
    delay = policy.delay_after(finished.attempt_number, u, finished.retry_after)
    if policy.max_age is not None and ended_at + delay > finished.scheduled_time + timedelta(seconds=policy.max_age):
        return None
    return delay
