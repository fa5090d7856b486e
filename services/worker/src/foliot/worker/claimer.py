"""Claim: QUEUED -> RUNNING for free slots, committed before anything starts; messages are acked after the commit.

Claims are batched without a timer: a batch is everything that arrived during the claim before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import chain

import asyncpg
import msgspec
import structlog

from foliot.common.clock import Clock
from foliot.common.errors import Unavailable
from foliot.common.ledger.again import again
from foliot.common.ledger.claim import ClaimedRow
from foliot.common.ledger.conclude import Concluded, conclude, count_ended
from foliot.common.ledger.splitting import split
from foliot.common.model.retry import Finished
from foliot.common.model.states import ExecutionStatus
from foliot.worker import events, metrics
from foliot.worker.claimed import Claimed, cancelled, claimed_from, unclaimable
from foliot.worker.inbox import Held, Inbox, settle
from foliot.worker.lease import Lease
from foliot.worker.running import Running
from foliot.worker.unit import UnitsOfWork

MAX_CLAIMED = 500
"""Executions that one statement claims at most: more would make the first of them wait for the last."""
PAUSE_WHEN_AWAY = 0.2
"""Seconds before the next try while PostgreSQL is away."""
LOOK_EVERY = 0.5
"""Seconds after which the claimer looks without a call: a lease that has come back calls nobody."""
_REASON_LIMIT = 1_000
"""Characters of the reason why an attempt could not be claimed."""
_log = structlog.get_logger()


class Doubtful(msgspec.Struct, frozen=True):
    """A batch whose claim was sent under the token `claim`, and whose outcome is unknown until PostgreSQL answers.

    `new`: those that are claimed, by execution_id. The others are copies of messages whose attempts run here already: a
    release of them would start the attempt elsewhere while it runs here.
    """

    claim: int
    batch: list[Held]
    new: dict[int, Held]


class Claimer:
    """The step from the inbox to the runner."""

    def __init__(
        self,
        database: UnitsOfWork, inbox: Inbox, running: Running, lease: Lease, clock: Clock, *,
        claimable: asyncio.Event, worker_id: str, start: Callable[[Sequence[Claimed]], None],
    ) -> None:  # fmt: skip
        """`claimable` is set whenever a delivery, a free slot or a lease came: there may be something to claim.
        `start` gets the attempts of each batch, after the commit."""
        self._database = database
        self._inbox = inbox
        self._running = running
        self._lease = lease
        self._clock = clock
        self._claimable = claimable
        self._worker_id = worker_id
        self._start = start
        self.doubtful: Doubtful | None = None

    async def run(self) -> None:
        """Claim until cancelled. Without a lease nothing is claimed; deliveries are held while PostgreSQL is away."""
        while True:
            await self._wait_for_work()
            try:
                await self.step()
            except Unavailable as error:
                _log.warning(events.CLAIM_FAILED, error=error)
                await self._clock.sleep(PAUSE_WHEN_AWAY)

    async def _wait_for_work(self) -> None:
        while not (self._lease.holds and self._running.free > 0 and (len(self._inbox) or self.doubtful)):
            self._claimable.clear()
            await self._clock.wait(self._claimable, LOOK_EVERY)

    async def step(self) -> int:
        """Claim one batch; gives the number of rows it claimed. Raises Unavailable: then the batch is in doubt.

        If the lease was lost during the claim, nothing starts: nobody would renew it, and the rescue would start it
        elsewhere too. The claim is released and the batch waits for the next token.
        """
        sent, again = self._next_batch()
        if not sent.batch:
            return 0
        self.doubtful, claim, new = sent, sent.claim, sent.new
        rows = await self._claim_all([*new.values()], claim, again) if new else []
        if claim != self._lease.claim or not self._lease.holds:
            await self._release(sent)
            return 0
        self.doubtful = None
        running = ExecutionStatus.RUNNING
        self._start([claimed_from(row, new[row.execution_id], claim) for row in rows if row.status == running])
        await settle(sent.batch)
        return len(rows)

    async def _release(self, sent: Doubtful) -> None:
        async with self._database.session() as unit:
            await unit.claims.release_claimed([held.handle for held in sent.new.values()], sent.claim)
        self.doubtful = None
        self._inbox.put_back(sent.batch)

    def _next_batch(self) -> tuple[Doubtful, bool]:
        """The batch in doubt first: asked again under the same token, it cannot be claimed twice. Gives the batch, and
        whether it was sent before."""
        if self.doubtful is not None:
            doubtful = self.doubtful
            if doubtful.claim == self._lease.claim:
                return doubtful, True
            self.doubtful = None
            self._inbox.put_back(doubtful.batch)
        batch, runs = self._inbox.take(min(MAX_CLAIMED, self._running.free)), self._running.get
        new = {held.handle.execution_id: held for held in batch if runs(held.handle.execution_id) is None}
        return Doubtful(self._lease.claim, batch, new), False

    async def _claim_all(self, batch: Sequence[Held], claim: int, again: bool) -> list[ClaimedRow]:
        """Claim a batch; a row that PostgreSQL cannot claim ends as FAILED, and the rest goes on."""

        async def claimed(part: Sequence[Held]) -> list[ClaimedRow]:
            return await self._claim(part, claim, again)

        try:
            return list(chain.from_iterable(await split(batch, claimed, self._fail)))
        except asyncpg.PostgresError as error:
            raise Unavailable(f"claim: {error}") from error

    @again
    async def _claim_rows(self, batch: Sequence[Held], claim: int, again: bool) -> list[ClaimedRow]:
        async with self._database.session() as unit:
            return await unit.claims.claim_executions(
                [held.handle for held in batch], self._worker_id, claim, self._lease.seconds, again
            )

    async def _claim(self, batch: Sequence[Held], claim: int, again: bool) -> list[ClaimedRow]:
        rows = await self._claim_rows(batch, claim, again)
        ended = [row for row in rows if row.status == ExecutionStatus.CANCELLED]
        if ended:
            await self._end_cancelled(ended)
        return rows

    async def _end_cancelled(self, rows: Sequence[ClaimedRow]) -> None:
        """Conclude attempts that ended at their claim because their job is cancelled."""
        count_ended(await self._conclude([cancelled(row) for row in rows]))

    @again
    async def _conclude(self, finished: Sequence[Finished]) -> Concluded:
        async with self._database.transaction() as unit:
            settling = await unit.endings.lock_settling(sorted({one.job_id for one in finished}))
            return await conclude(unit, finished, await unit.server.select_now(), settling)

    async def _fail(self, held: Held, error: Exception) -> list[ClaimedRow]:
        """End the attempt whose row breaks the claim; no row of it is claimed."""
        message = f"the attempt could not be claimed: {type(error).__name__}: {error}"[:_REASON_LIMIT]
        metrics.POISON.inc()
        concluded = await self._end_unclaimable(held, message)
        if concluded is None:
            return []
        count_ended(concluded)
        _log.error(
            events.ATTEMPT_UNCLAIMABLE,
            execution_id=held.handle.execution_id,
            job_id=held.dispatched.job_id,
            error=message,
        )
        return []

    @again
    async def _end_unclaimable(self, held: Held, message: str) -> Concluded | None:
        """None if the attempt is not QUEUED any more."""
        async with self._database.transaction() as unit:
            settling = await unit.endings.lock_settling([held.dispatched.job_id])
            failed = await unit.claims.fail_unclaimable(held.handle, message)
            if failed is None:
                return None
            return await conclude(unit, [unclaimable(failed, message)], await unit.server.select_now(), settling)
