"""Claim: QUEUED -> RUNNING for free slots, committed before anything starts; acked after the commit.

Coalesced without a timer: a batch is whatever arrived while the last one was under way.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import chain

import asyncpg
import structlog

from foliot.common.broker.messages import Dispatched
from foliot.common.clock import Clock
from foliot.common.errors import Unavailable
from foliot.common.ledger.claim import ClaimedRow, UnclaimableRow
from foliot.common.ledger.conclude import conclude, count_ended
from foliot.common.ledger.splitting import split
from foliot.common.model.retry import Finished, RetryPolicy, policy_from
from foliot.common.model.states import ExecutionStatus, Trigger
from foliot.common.model.tracing import trace_id
from foliot.worker import events, metrics
from foliot.worker.inbox import Held, Inbox, settle
from foliot.worker.lease import Lease
from foliot.worker.running import Claimed, Running
from foliot.worker.unit import UnitsOfWork

LARGEST = 500
"""Executions that one statement claims, or hands back, at most."""
PAUSE_WHEN_AWAY = 0.2
"""Seconds before the next try while PostgreSQL is away."""
LOOK_EVERY = 0.5
"""Seconds after which the claimer looks without a call: a lease that has come back calls nobody."""
_64_BITS = 2**64 - 1
_TRIGGERS = {trigger.value: trigger for trigger in Trigger}
_log = structlog.get_logger()


class Claimer:
    def __init__(
        self,
        database: UnitsOfWork, inbox: Inbox, running: Running, lease: Lease, clock: Clock, *,
        claimable: asyncio.Event, worker_id: str, start: Callable[[Sequence[Claimed]], None], hold_seconds: float,
    ) -> None:  # fmt: skip
        """`claimable` is set whenever a delivery, a free slot or a lease came: there may be something to claim."""
        self._database = database
        self._inbox = inbox
        self._running = running
        self._lease = lease
        self._clock = clock
        self._claimable = claimable
        self._worker_id = worker_id
        self._start = start
        self._hold_seconds = hold_seconds
        self._doubtful: tuple[int, list[Held]] | None = None

    async def run(self) -> None:
        """Until cancelled. Without a lease nothing is claimed; deliveries are held while PostgreSQL is away."""
        while True:
            await self._wait_for_work()
            try:
                await self.step()
            except Unavailable as error:
                _log.warning(events.CLAIM_FAILED, error=error)
                await self._clock.sleep(PAUSE_WHEN_AWAY)

    async def _wait_for_work(self) -> None:
        while not (self._lease.holds and self._running.free > 0 and (len(self._inbox) or self._doubtful)):
            self._claimable.clear()
            await self._clock.wait(self._claimable, LOOK_EVERY)

    async def step(self) -> int:
        """Claim one batch; gives how many attempts were started. Raises Unavailable: then the batch is in doubt."""
        batch, again = self._next_batch()
        if not batch:
            return 0
        claim = self._lease.claim
        self._doubtful = (claim, batch)
        rows = await self._claim_all(batch, claim, again)
        self._doubtful = None
        held = {item.handle.execution_id: item for item in batch}
        running = [row for row in rows if row.status == ExecutionStatus.RUNNING]
        self._start([claimed_from(row, held[row.execution_id], claim) for row in running])
        await settle(batch)
        return len(rows)

    async def _claim_all(self, batch: Sequence[Held], claim: int, again: bool) -> list[ClaimedRow]:
        """Claim a batch; a row that PostgreSQL cannot claim ends as FAILED, and the rest goes on."""

        async def claimed(part: Sequence[Held]) -> list[ClaimedRow]:
            return await self._claim(part, claim, again)

        try:
            return list(chain.from_iterable(await split(batch, claimed, self._fail)))
        except asyncpg.PostgresError as error:
            raise Unavailable(f"claim: {error}") from error

    async def _fail(self, held: Held, error: Exception) -> list[ClaimedRow]:
        metrics.POISON.inc()
        message = f"the attempt could not be claimed: {type(error).__name__}: {error}"[:1_000]
        async with self._database.transaction() as unit:
            failed = await unit.claims.fail_unclaimable(held.handle, message)
            if failed is None:
                return []
            now = await unit.server.select_now()
            concluded = await conclude(unit, [_unclaimable(failed, message)], now)
        count_ended(concluded)
        _log.error(
            events.ATTEMPT_UNCLAIMABLE,
            execution_id=held.handle.execution_id,
            job_id=held.dispatched.job_id,
            error=message,
        )
        return []

    def _next_batch(self) -> tuple[list[Held], bool]:
        """A batch in doubt comes first: asked again under the same token, it cannot be claimed twice."""
        if self._doubtful is not None:
            claim, batch = self._doubtful
            if claim == self._lease.claim:
                return batch, True
            self._doubtful = None
            self._inbox.put_back(batch)
        return self._inbox.take(min(LARGEST, self._running.free)), False

    async def _claim(self, batch: Sequence[Held], claim: int, again: bool) -> list[ClaimedRow]:
        async with self._database.session() as unit:
            rows = await unit.claims.claim_executions(
                [held.handle for held in batch], self._worker_id, claim, self._lease.seconds, again
            )
        cancelled = [row for row in rows if row.status == ExecutionStatus.CANCELLED]
        if cancelled:
            await self._end_cancelled(cancelled, batch)
        return rows

    async def _end_cancelled(self, rows: Sequence[ClaimedRow], batch: Sequence[Held]) -> None:
        """Attempts whose job is cancelled ended at their claim: what follows from that."""
        times = {held.handle.execution_id: held.handle.scheduled_time for held in batch}
        async with self._database.transaction() as unit:
            now = await unit.server.select_now()
            concluded = await conclude(unit, [_cancelled(row, times[row.execution_id]) for row in rows], now)
        count_ended(concluded)

    async def hand_back(self) -> None:
        """A duty: what no slot took in time goes back to the outbox, so that another worker gets it."""
        held = self._inbox.take_older_than(self._hold_seconds, LARGEST)
        if held:
            await self.give_back(held)

    async def give_all_back(self) -> None:
        """At a stop: everything that waits here, and a claim that was interrupted. If PostgreSQL is away, closing the
        channel frees the messages and the lease ends by itself."""
        try:
            if self._doubtful is not None:
                claim, batch = self._doubtful
                self._doubtful = None
                async with self._database.session() as unit:
                    await unit.claims.release_claimed([item.handle for item in batch], claim)
                await settle(batch)
            while held := self._inbox.take(LARGEST):
                await self.give_back(held)
        except Unavailable as error:
            _log.warning(events.HAND_BACK_FAILED, error=error, held=len(self._inbox))

    async def give_back(self, held: list[Held]) -> None:
        """Through PostgreSQL: commit, then ack. A failure keeps them here."""
        try:
            async with self._database.session() as unit:
                await unit.claims.hand_back([item.handle for item in held])
        except Unavailable:
            self._inbox.put_back(held)
            raise
        await settle(held)
        metrics.HANDED_BACK.inc(len(held))
        _log.info(events.HANDED_BACK, count=len(held))


def claimed_from(row: ClaimedRow, held: Held, claim: int) -> Claimed:
    """The attempt to run: the payload of its override, if it has one, in place of the job's."""
    payload = row.payload
    if isinstance(row.override, dict):
        payload = row.override.get("payload", payload)
    return Claimed(
        execution_id=row.execution_id, job_id=row.job_id, user_id=row.user_id, team_id=row.team_id,
        scheduled_time=held.handle.scheduled_time, attempt_number=row.attempt_number, trigger=_TRIGGERS[row.trigger],
        job_type=row.job_type, payload=payload, retry_policy=policy_from(row.retry_policy),
        timeout_seconds=row.timeout_seconds, lateness=row.lateness, begins_in=row.begins_in, request_id=row.request_id,
        traceparent=traceparent(row.traceparent, held.dispatched), claim=claim, settles=row.settles,
    )  # fmt: skip


def traceparent(given: str | None, run: Dispatched) -> str:
    """W3C trace context: the request's trace if it has one, else one that all attempts of the run share."""
    trace = trace_id(given) or f"{run.job_id:016x}{run.scheduled_time_us & _64_BITS:016x}"
    return f"00-{trace}-{random.getrandbits(64):016x}-01"


def _unclaimable(row: UnclaimableRow, message: str) -> Finished:
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


def _cancelled(row: ClaimedRow, scheduled_time: datetime) -> Finished:
    return Finished(
        execution_id=row.execution_id,
        job_id=row.job_id,
        scheduled_time=scheduled_time,
        attempt_number=row.attempt_number,
        status=ExecutionStatus.CANCELLED,
        trigger=Trigger(row.trigger),
        retry_policy=policy_from(row.retry_policy),
    )
