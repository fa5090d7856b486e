"""Claimed: an attempt that belongs to this worker, made from its delivery and the row of its claim.

Also the two ways in which an attempt ends at its claim without ever running.
"""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import msgspec

from foliot.common.broker.messages import Dispatched
from foliot.common.ledger.claim import ClaimedRow, UnclaimableRow
from foliot.common.model.execution import Handle
from foliot.common.model.retry import Finished, RetryPolicy, policy_from
from foliot.common.model.states import ExecutionStatus, Trigger
from foliot.common.model.tracing import trace_id
from foliot.worker.inbox import Held

_64_BITS = 2**64 - 1
"""A mask: a time before 1970 is negative, and a trace id has no sign."""
_TRIGGERS = {trigger.value: trigger for trigger in Trigger}
"""Trigger by its value: a lookup here costs less than `Trigger(value)`."""


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt with the definition of its job at the moment of the claim."""

    execution_id: int
    job_id: int
    user_id: int
    team_id: int | None
    scheduled_time: datetime
    """Aware, UTC."""
    attempt_number: int
    """From 1."""
    trigger: Trigger
    job_type: str
    payload: Any
    """As JSON decodes it, not checked yet."""
    retry_policy: RetryPolicy
    timeout_seconds: float
    lateness: float
    """Seconds from scheduled_time to start_time."""
    begins_in: float = 0.0
    """Seconds from the claim to start_time; positive if the run was handed out ahead of its time."""
    request_id: str | None
    traceparent: str
    claim: int
    """The token that the attempt was claimed under."""
    settles: bool = True
    """True if the end of this run may be the end of its job, or release a run that waits for it."""

    @property
    def tenant(self) -> str:
        """The team or, without one, the user whose job it is."""
        return f"user {self.user_id}" if self.team_id is None else f"team {self.team_id}"

    @property
    def handle(self) -> Handle:
        return Handle(self.execution_id, self.scheduled_time)


def claimed_from(row: ClaimedRow, held: Held, claim: int) -> Claimed:
    """The attempt to run, with the time of its row: that of a message may be wrong. A payload in the row's override
    takes the place of the job's."""
    payload = row.payload
    if isinstance(row.override, dict):
        payload = row.override.get("payload", payload)
    return Claimed(
        execution_id=row.execution_id, job_id=row.job_id, user_id=row.user_id, team_id=row.team_id,
        scheduled_time=row.scheduled_time, attempt_number=row.attempt_number, trigger=_TRIGGERS[row.trigger],
        job_type=row.job_type, payload=payload, retry_policy=policy_from(row.retry_policy),
        timeout_seconds=row.timeout_seconds, lateness=row.lateness, begins_in=row.begins_in, request_id=row.request_id,
        traceparent=traceparent(row.traceparent, held.dispatched), claim=claim, settles=row.settles,
    )  # fmt: skip


def traceparent(given: str | None, run: Dispatched) -> str:
    """W3C trace context with a new span id: in the request's trace if there is one, else in a trace that all attempts
    of the run share."""
    trace = trace_id(given) or f"{run.job_id:016x}{run.scheduled_time_us & _64_BITS:016x}"
    return f"00-{trace}-{random.getrandbits(64):016x}-01"


def unclaimable(row: UnclaimableRow, message: str) -> Finished:
    """The end of an attempt that PostgreSQL refuses to claim: FAILED, without a retry."""
    return Finished(
        execution_id=row.execution_id,
        job_id=row.job_id,
        scheduled_time=row.scheduled_time,
        attempt_number=row.attempt_number,
        status=ExecutionStatus.FAILED,
        trigger=Trigger(row.trigger),
        retry_policy=RetryPolicy(),
        error_message=message,
        final=True,
    )


def cancelled(row: ClaimedRow) -> Finished:
    """The end of an attempt whose job was cancelled before the claim."""
    return Finished(
        execution_id=row.execution_id,
        job_id=row.job_id,
        scheduled_time=row.scheduled_time,
        attempt_number=row.attempt_number,
        status=ExecutionStatus.CANCELLED,
        trigger=Trigger(row.trigger),
        retry_policy=policy_from(row.retry_policy),
    )
