"""Run: a claimed attempt on its way through its executor, under its timeout, its cancel and its lease."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from foliot.common.clock import Clock, first_of
from foliot.common.model import payloads
from foliot.common.model.payloads.checks import PayloadError
from foliot.common.model.states import ExecutionStatus
from foliot.common.model.tracing import trace_id
from foliot.worker import events
from foliot.worker.claimed import Claimed
from foliot.worker.ended import Ended
from foliot.worker.executors.attempt import Attempt, Executor, Result
from foliot.worker.lease import Lease
from foliot.worker.output import Output
from foliot.worker.recorder import Recorder
from foliot.worker.running import CANCELLED, LEASE, STOPPING, TIMED_OUT, Running, RunningEntry
from foliot.worker.timeouts import Timeouts

_log = structlog.get_logger()
KILL_AFTER = 11.0
"""Seconds from the first stop to the second: a second more than executors give what they run between TERM and KILL."""
LOOK_AGAIN = 0.05
"""Seconds until an attempt whose lease is in doubt looks again."""
_TIMER = 0.001
"""Seconds by which a timer of the event loop may fire too early: waited in addition, so that one wait is enough."""


class Runner:
    """The step from the claimer to the recorder: one task for each attempt."""

    def __init__(
        self, executors: Mapping[str, Executor], running: Running, recorder: Recorder, lease: Lease, clock: Clock
    ) -> None:
        self._executors = executors
        self._running = running
        self._recorder = recorder
        self._lease = lease
        self._clock = clock
        self._timeouts = Timeouts(running, clock)

    def start(self, batch: Sequence[Claimed]) -> None:
        """Start attempts whose claims are committed; each begins when its start_time has come."""
        loop, claimed_at = asyncio.get_running_loop(), self._clock.elapsed()
        for claimed in batch:
            begin = claimed_at + max(0.0, claimed.begins_in)
            entry = self._running.add(claimed, begin + claimed.timeout_seconds)
            entry.task = loop.create_task(self._run(entry, begin), name=f"attempt-{claimed.execution_id}")
            self._timeouts.watch(entry.deadline)

    async def _run(self, entry: RunningEntry, begin: float) -> None:
        output = Output()
        entry.begun = True
        try:
            while entry.stopped_for is None and (early := self._early(entry, begin)) > 0:
                await self._clock.sleep(early + _TIMER)
            status, result = await self._execute(entry, output) if entry.stopped_for is None else _stopped(entry)
        except asyncio.CancelledError:
            status, result = _stopped(entry)
        finally:
            self._running.free_slot()
        if entry.stopped_for == LEASE:
            self._running.remove(entry.claimed.execution_id)  # not this worker's to record any more
            return
        self._recorder.put(Ended.of(entry.claimed, status, result, output.text(), self._clock.elapsed()))

    def _early(self, entry: RunningEntry, begin: float) -> float:
        """Seconds until the attempt may begin, 0 if it may now or never.

        PostgreSQL's answer may have come late, or this process stood still. Under a former token nothing begins. Past
        the deadline of the token in use, the attempt waits until the guard ends it, or a heartbeat that was under way
        brings the lease back: dropped here, it would stay RUNNING under a living token.
        """
        if entry.claimed.claim != self._lease.claim:
            entry.stopped_for = LEASE
            return 0.0
        return max(begin - self._clock.elapsed(), 0.0 if self._lease.holds else LOOK_AGAIN)

    async def _execute(self, entry: RunningEntry, output: Output) -> tuple[ExecutionStatus, Result]:
        claimed = entry.claimed
        try:
            attempt = self._attempt(claimed)
            executor = self._executors[claimed.job_type]
        except (PayloadError, KeyError) as error:
            return ExecutionStatus.FAILED, _unknown(claimed, error)
        too_old = _too_old(claimed)
        if too_old:
            return ExecutionStatus.FAILED, Result(succeeded=False, final=True, error_message=too_old)
        try:
            result = await executor.run(attempt, output)
        except Exception as error:  # a bug of an executor must not lose the attempt
            _log.error(
                events.EXECUTOR_FAILED, execution_id=claimed.execution_id, job_id=claimed.job_id,
                request_id=claimed.request_id, trace_id=trace_id(claimed.traceparent), exc_info=error,
            )  # fmt: skip
            return ExecutionStatus.FAILED, Result(succeeded=False, error_message=f"internal error: {error!r}")
        return (ExecutionStatus.COMPLETED if result.succeeded else ExecutionStatus.FAILED), result

    def _attempt(self, claimed: Claimed) -> Attempt:
        retry_on = claimed.retry_policy.retry_on
        return Attempt(
            execution_id=claimed.execution_id,
            job_id=claimed.job_id,
            attempt_number=claimed.attempt_number,
            scheduled_time=claimed.scheduled_time,
            payload=payloads.decode(claimed.job_type, claimed.payload),
            timeout_seconds=claimed.timeout_seconds,
            traceparent=claimed.traceparent,
            request_id=claimed.request_id,
            tenant=claimed.tenant,
            retry_on=tuple(retry_on) if retry_on is not None else None,
            lease_deadline=self._lease.deadline,
        )

    async def stop(self, grace: float) -> None:
        """Wait `grace` seconds for the attempts that run; then ask the rest to end, and end those at once that have not
        after KILL_AFTER seconds more."""
        for seconds in (grace, KILL_AFTER):
            tasks = [entry.task for entry in self._running.entries() if entry.task and not entry.task.done()]
            if not tasks:
                return
            await first_of(self._clock, asyncio.wait(tasks), timeout=seconds)
            for entry in self._running.entries():
                if entry.task and not entry.task.done():
                    entry.stop(STOPPING)
        await asyncio.sleep(0)


def _stopped(entry: RunningEntry) -> tuple[ExecutionStatus, Result]:
    if entry.stopped_for == CANCELLED:
        return ExecutionStatus.CANCELLED, Result(succeeded=False, error_message="cancelled")
    if entry.stopped_for == TIMED_OUT:
        message = f"timed out after {entry.claimed.timeout_seconds:g} s"
        return ExecutionStatus.TIMEOUT, Result(succeeded=False, error_message=message)
    return ExecutionStatus.FAILED, Result(succeeded=False, error_message="worker stopped")


def _unknown(claimed: Claimed, error: Exception) -> Result:
    if isinstance(error, KeyError):
        message = log = f"this worker has no executor for job_type {claimed.job_type}"
    else:
        message, log = str(error), f"the payload does not fit job_type {claimed.job_type}"
    return Result(succeeded=False, final=True, error_message=message, log_error=log)


def _too_old(claimed: Claimed) -> str | None:
    max_age = claimed.retry_policy.max_age
    if max_age is None or claimed.lateness <= max_age:
        return None
    return f"not started: later than max_age {max_age:g} s after scheduled_time"
