"""Record: outcomes in batches, each batch one transaction with what follows from it.

Coalesced. Guarded by status and claim token: what was taken from this worker is dropped and counted.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import asyncpg
import msgspec
import structlog

from foliot.common.clock import Clock
from foliot.common.errors import Unavailable
from foliot.common.ledger.claim import RecordedRow
from foliot.common.ledger.conclude import Concluded, conclude, count_ended, end_runs
from foliot.common.ledger.faults import Fault, classify
from foliot.common.ledger.splitting import split
from foliot.common.model.execution import Outcome
from foliot.common.model.retry import Finished
from foliot.common.model.states import ExecutionStatus, Trigger
from foliot.common.model.tracing import trace_id
from foliot.worker import events, metrics
from foliot.worker.lease import Lease
from foliot.worker.running import Claimed, Running
from foliot.worker.unit import Unit, UnitsOfWork

LARGEST = 500
PACE = 0.02
"""From the start of a small batch to the next: what ends meanwhile shares a transaction. The slots are free already,
and the end is dated when the work was over."""
PAUSE_WHEN_AWAY = 0.2
_log = structlog.get_logger()


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt whose work is over, to be recorded; `at`: when it was, by the clock's elapsed()."""

    claimed: Claimed
    outcome: Outcome
    at: float
    final: bool = False
    retry_after: float | None = None


class Recorded(msgspec.Struct, frozen=True):
    """What a batch's transaction did: durations (ms) by execution_id of what it wrote, and what followed."""

    durations: dict[int, int]
    concluded: Concluded


class Recorder:
    def __init__(self, database: UnitsOfWork, running: Running, lease: Lease, clock: Clock, *, worker_id: str) -> None:
        self._database = database
        self._running = running
        self._lease = lease
        self._clock = clock
        self._worker_id = worker_id
        self._waiting: list[Ended] = []
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, ended: Ended) -> None:
        """Bounded by the slots and UNRECORDED: what is not recorded keeps others from being claimed."""
        self._waiting.append(ended)
        self._idle.clear()
        self._arrived.set()

    async def run(self) -> None:
        """Until cancelled. While PostgreSQL is away the batch is kept; it is void when the lease has passed."""
        begun = -PACE
        while True:
            if not self._waiting:
                self._idle.set()
                await self._arrived.wait()
            if (rest := begun + PACE - self._clock.elapsed()) > 0 and len(self._waiting) < LARGEST:
                await self._clock.sleep(rest)
            begun = self._clock.elapsed()
            self._arrived.clear()
            taken, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
            for batch in _apart(taken):
                await self._record(batch)

    async def _record(self, batch: Sequence[Ended]) -> None:
        """Until it is recorded: an error that is no row's fault, a full disk among them, is waited out."""
        while True:
            try:
                return await self.step(batch)
            except Unavailable as error:
                await self._wait_out(batch, error)
            except asyncpg.PostgresError as error:
                if classify(error) is Fault.AGAIN:
                    await asyncio.sleep(0)
                else:
                    await self._wait_out(batch, error)

    async def _wait_out(self, batch: Sequence[Ended], error: Exception) -> None:
        _log.warning(events.RECORD_FAILED, error=error, waiting=len(batch) + len(self._waiting))
        await self._clock.sleep(PAUSE_WHEN_AWAY)

    async def drained(self, grace: float) -> None:
        """Wait until everything is recorded, at most `grace` seconds."""
        try:
            async with asyncio.timeout(grace):
                await self._idle.wait()
        except TimeoutError:
            pass

    async def step(self, batch: Sequence[Ended]) -> None:
        """Record one batch; a result that PostgreSQL cannot store ends its attempt as FAILED, and the rest goes on."""
        valid = [ended for ended in batch if ended.claimed.claim == self._lease.claim]
        self._drop([ended for ended in batch if ended.claimed.claim != self._lease.claim])
        if valid:
            await split(valid, self._store, self._store_without)

    async def _store(self, batch: Sequence[Ended]) -> None:
        plain = all(map(_is_plain, batch))
        self._report(batch, await (self._write_plain(batch) if plain else self._write(batch)))

    async def _store_without(self, ended: Ended, error: Exception) -> None:
        """The attempt without the result that was refused."""
        metrics.POISON.inc()
        failed = [_unstorable(ended, error)]
        self._report(failed, await self._write(failed))

    async def _write_plain(self, batch: Sequence[Ended]) -> Recorded:
        """Runs after which nothing follows but, rarely, one that waits for them: recorded by one statement. If that one
        cannot be released now, reconcile does it within a second."""
        async with self._database.session() as unit:
            rows = await self._record_in(unit, batch)
        written = {row.execution_id: row.duration_ms or 0 for row in rows}
        waiting = {row.execution_id for row in rows if row.waits}
        if waiting:
            job_ids = {ended.claimed.job_id for ended in batch if ended.claimed.execution_id in waiting}
            with contextlib.suppress(Unavailable, asyncpg.TransactionRollbackError):
                async with self._database.transaction() as unit:
                    await end_runs(unit, sorted(job_ids))
        return Recorded(written, Concluded(completed=len(written)))

    async def _write(self, batch: Sequence[Ended]) -> Recorded:
        async with self._database.transaction() as unit:
            rows = await self._record_in(unit, batch)
            if not rows:
                return Recorded({}, Concluded())
            written = {row.execution_id: row.duration_ms or 0 for row in rows}
            finished = [_finished(ended) for ended in batch if ended.claimed.execution_id in written]
            now = await unit.server.select_now()
            concluded = await conclude(unit, finished, now)
        return Recorded(written, concluded)

    async def _record_in(self, unit: Unit, batch: Sequence[Ended]) -> list[RecordedRow]:
        """Rows are locked in the order of their ids."""
        ordered, now = sorted(batch, key=attrgetter("outcome.execution_id")), self._clock.elapsed()
        return await unit.claims.record_executions(
            [ended.outcome for ended in ordered], [now - ended.at for ended in ordered], self._lease.claim
        )

    def _report(self, batch: Sequence[Ended], recorded: Recorded) -> None:
        count_ended(recorded.concluded)
        written = [ended for ended in batch if ended.claimed.execution_id in recorded.durations]
        for (status, job_type), count in Counter((e.outcome.status, e.claimed.job_type) for e in written).items():
            metrics.executed(self._worker_id, status, job_type).inc(count)
        if len(written) < len(batch):
            self._drop([ended for ended in batch if ended.claimed.execution_id not in recorded.durations])
        log = _log.bind()  # found once: looking for it costs half as much as the line
        for ended in written:
            execution_id = ended.claimed.execution_id
            self._running.remove(execution_id)
            retry_at = recorded.concluded.retries.get(execution_id)
            self._report_one(log, ended, recorded.durations[execution_id], retry_at)

    def _report_one(self, log: Any, ended: Ended, duration: int, retry_at: datetime | None) -> None:
        claimed, outcome = ended.claimed, ended.outcome
        metrics.job_duration(claimed.job_type).observe(duration / 1000)
        failed = outcome.status in (ExecutionStatus.FAILED, ExecutionStatus.TIMEOUT)
        write = log.info if not failed else log.error if retry_at is None else log.warning
        write(
            events.ATTEMPT_FAILED if failed else events.ATTEMPT_FINISHED,
            job_id=claimed.job_id, execution_id=claimed.execution_id, attempt_number=claimed.attempt_number,
            job_type=claimed.job_type, status=outcome.status, user_id=claimed.user_id, team_id=claimed.team_id,
            worker_id=self._worker_id, duration=duration, error=outcome.error_message, retry_at=retry_at,
            request_id=claimed.request_id, trace_id=trace_id(claimed.traceparent),
        )  # fmt: skip

    def _drop(self, fenced: Sequence[Ended]) -> None:
        for ended in fenced:
            self._running.remove(ended.claimed.execution_id)
            metrics.FENCED.inc()
            _log.warning(events.ATTEMPT_FENCED, execution_id=ended.claimed.execution_id, job_id=ended.claimed.job_id)


def _apart(batch: Sequence[Ended]) -> list[list[Ended]]:
    """Plain successes (one statement) apart from the rest (a transaction), so that one failure does not slow the
    batch."""
    plain = [ended for ended in batch if _is_plain(ended)]
    rest = [ended for ended in batch if not _is_plain(ended)] if len(plain) < len(batch) else []
    return [part for part in (plain, rest) if part]


def _is_plain(ended: Ended) -> bool:
    return (
        ended.outcome.status == ExecutionStatus.COMPLETED
        and not ended.claimed.settles
        and ended.claimed.trigger is not Trigger.REPLAY
    )


def _finished(ended: Ended) -> Finished:
    claimed = ended.claimed
    return Finished(
        execution_id=claimed.execution_id,
        job_id=claimed.job_id,
        scheduled_time=claimed.scheduled_time,
        attempt_number=claimed.attempt_number,
        status=ExecutionStatus(ended.outcome.status),
        trigger=claimed.trigger,
        retry_policy=claimed.retry_policy,
        error_message=ended.outcome.error_message,
        final=ended.final,
        retry_after=ended.retry_after,
    )


def _unstorable(ended: Ended, error: Exception) -> Ended:
    """The attempt ends as FAILED with the reason; what PostgreSQL refused is left out."""
    outcome = Outcome(
        execution_id=ended.outcome.execution_id,
        scheduled_time=ended.outcome.scheduled_time,
        status=ExecutionStatus.FAILED.value,
        error_message=f"the result could not be stored: {type(error).__name__}",
    )
    return Ended(claimed=ended.claimed, outcome=outcome, at=ended.at, final=ended.final)
