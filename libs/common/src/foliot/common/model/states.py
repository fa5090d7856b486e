"""Statuses and the allowed steps between them. docs/states.md draws them."""

from __future__ import annotations

from enum import StrEnum


class JobStatus(StrEnum):
    """Status of a job in an answer. QUEUED and RUNNING are derived from its open executions and never stored."""

    PENDING = "PENDING"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    PAUSED = "PAUSED"


class ExecutionStatus(StrEnum):
    """Status of one attempt."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    CANCELLED = "CANCELLED"
    SKIPPED = "SKIPPED"


class Trigger(StrEnum):
    """Origin of an attempt."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    RETRY = "retry"
    REPLAY = "replay"


JOB_STEPS: dict[str, frozenset[JobStatus]] = {
    "pause": frozenset({JobStatus.PENDING, JobStatus.QUEUED, JobStatus.RUNNING}),
    "resume": frozenset({JobStatus.PAUSED}),
    "cancel": frozenset({JobStatus.PENDING, JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED}),
    "run": frozenset(JobStatus) - {JobStatus.CANCELLED},
    "edit": frozenset(JobStatus) - {JobStatus.CANCELLED},
}
"""Step -> job statuses that allow it. In any other the API answers 409."""

EXECUTION_STEPS: dict[ExecutionStatus, frozenset[ExecutionStatus]] = {
    ExecutionStatus.QUEUED: frozenset({ExecutionStatus.RUNNING, ExecutionStatus.CANCELLED, ExecutionStatus.FAILED}),
    ExecutionStatus.RUNNING: frozenset(
        {
            ExecutionStatus.COMPLETED,
            ExecutionStatus.FAILED,
            ExecutionStatus.TIMEOUT,
            ExecutionStatus.CANCELLED,
            ExecutionStatus.QUEUED,  # claimed, and returned to the outbox before it began
        }
    ),
    ExecutionStatus.COMPLETED: frozenset(),
    ExecutionStatus.FAILED: frozenset(),
    ExecutionStatus.TIMEOUT: frozenset(),
    ExecutionStatus.CANCELLED: frozenset(),
    ExecutionStatus.SKIPPED: frozenset(),
}
"""Status of an attempt -> statuses that may follow. An ended attempt never changes again."""

RETRIED = frozenset({ExecutionStatus.FAILED, ExecutionStatus.TIMEOUT})
"""Outcomes after which the retry policy decides about another attempt."""
