"""Record: results are written in batches, each batch in one transaction with everything that follows from it.

Results are fenced by status and claim token: the result of an attempt that was taken from this worker is dropped and
counted.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import structlog

from foliot.common.clock import Clock
from foliot.common.errors import RolledBack, Unavailable
from foliot.common.ledger.conclude import count_ended
from foliot.common.ledger.splitting import split
from foliot.worker import events, metrics
from foliot.worker.ended import Ended
from foliot.worker.lease import Lease
from foliot.worker.recording import Recorded, record, record_plain, recorded_before
from foliot.worker.report import report_fenced, report_recorded
from foliot.worker.running import Running
from foliot.worker.unit import UnitsOfWork

MAX_RECORDED = 500
"""Results that one batch records at most: its transaction stays short, and its rows locked for little time."""
PACE = 0.02
"""Seconds from the start of one small batch to the start of the next: results that end in between share a transaction.
The wait holds up nobody: the slots are free already, and end_time is the moment at which the work was over."""
PAUSE_WHEN_AWAY = 0.2
"""Seconds before the next try while PostgreSQL is away or has no room."""
_log = structlog.get_logger()
Write = Callable[[UnitsOfWork, Sequence[Ended], int, float], Awaitable[Recorded]]
"""Records a batch under a claim token, at a time by the clock's elapsed()."""


class Recorder:
    """The step from the runner to the ledger."""

    def __init__(self, database: UnitsOfWork, running: Running, lease: Lease, clock: Clock, *, worker_id: str) -> None:
        self._database = database
        self._running = running
        self._lease = lease
        self._clock = clock
        self._worker_id = worker_id
        self._waiting: list[Ended] = []
        self._doubtful = False
        """True if an earlier try of the batch under way got no answer: it may have been written."""
        self._over: set[int] = set()
        """Results of the batch under way that are recorded or dropped already: it was written in parts."""
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, ended: Ended) -> None:
        """Record this attempt soon. The number that wait is bounded by the slots and UNRECORDED: an unrecorded result
        keeps others from being claimed."""
        self._waiting.append(ended)
        self._idle.clear()
        self._arrived.set()

    async def run(self) -> None:
        """Record until cancelled. A batch is kept while PostgreSQL is away; it is void once the lease has passed."""
        begun = -PACE
        while True:
            if not self._waiting:
                self._idle.set()
                await self._arrived.wait()
            if (rest := begun + PACE - self._clock.elapsed()) > 0 and len(self._waiting) < MAX_RECORDED:
                await self._clock.sleep(rest)
            begun = self._clock.elapsed()
            self._arrived.clear()
            taken, self._waiting = self._waiting[:MAX_RECORDED], self._waiting[MAX_RECORDED:]
            for batch in _apart(taken):
                await self._record(batch)

    async def drained(self, grace: float) -> None:
        """Wait until everything is recorded, at most `grace` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._idle.wait()

    async def _record(self, batch: Sequence[Ended]) -> None:
        """Try until the batch is recorded: an error that is no row's fault, a full disk among them, is waited out."""
        self._doubtful = False
        self._over.clear()
        while True:
            try:
                return await self.step(batch)
            except (Unavailable, asyncpg.PostgresError) as error:
                self._doubtful = self._doubtful or (
                    isinstance(error, Unavailable) and not isinstance(error, RolledBack)
                )
                await self._wait_out(batch, error)

    async def _wait_out(self, batch: Sequence[Ended], error: Exception) -> None:
        _log.warning(events.RECORD_FAILED, error=error, waiting=len(batch) + len(self._waiting))
        await self._clock.sleep(PAUSE_WHEN_AWAY)

    async def step(self, batch: Sequence[Ended]) -> None:
        """Record one batch. A result that PostgreSQL cannot store ends its attempt as FAILED, and the rest goes on.

        Raises Unavailable and PostgresError for errors that are no row's fault; the results that were recorded before
        the error are passed over when the batch comes again.
        """
        unrecorded = [ended for ended in batch if ended.execution_id not in self._over] if self._over else batch
        valid = [ended for ended in unrecorded if ended.claimed.claim == self._lease.claim]
        await self._give_up([ended for ended in unrecorded if ended.claimed.claim != self._lease.claim])
        if valid:
            await split(valid, self._store, self._store_without_result)

    async def _store(self, batch: Sequence[Ended]) -> None:
        await self._write(batch, record_plain if all(ended.is_plain for ended in batch) else record)

    async def _store_without_result(self, ended: Ended, error: Exception) -> None:
        metrics.POISON.inc()
        await self._write([ended.without_result(error)], record)

    async def _write(self, batch: Sequence[Ended], write: Write) -> None:
        recorded = await write(self._database, batch, self._lease.claim, self._clock.elapsed())
        await self._give_up(self._settle(batch, recorded))

    async def _give_up(self, batch: Sequence[Ended]) -> None:
        """Results that cannot be written are fenced, unless an earlier try, whose answer was lost, has written them."""
        if batch and self._doubtful:
            batch = self._settle(batch, await recorded_before(self._database, batch))
        self._drop(batch)

    def _settle(self, batch: Sequence[Ended], recorded: Recorded) -> list[Ended]:
        """After the commit: the attempts that were written are over for this worker. Gives the others."""
        count_ended(recorded.concluded)
        written = [ended for ended in batch if ended.execution_id in recorded.durations]
        for ended in written:
            self._running.remove(ended.execution_id)
            self._over.add(ended.execution_id)
        report_recorded(self._worker_id, written, recorded.durations, recorded.concluded.retries)
        if len(written) == len(batch):
            return []
        return [ended for ended in batch if ended.execution_id not in recorded.durations]

    def _drop(self, fenced: Sequence[Ended]) -> None:
        for ended in fenced:
            self._running.remove(ended.execution_id)
            self._over.add(ended.execution_id)
        report_fenced(fenced)


def _apart(batch: Sequence[Ended]) -> list[list[Ended]]:
    """Plain successes (one statement) apart from the rest (a transaction), so that one failure does not slow the
    batch."""
    plain = [ended for ended in batch if ended.is_plain]
    rest = [ended for ended in batch if not ended.is_plain] if len(plain) < len(batch) else []
    return [part for part in (plain, rest) if part]
