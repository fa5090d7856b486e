"""Heartbeat: renews the claim token and the leases, learns of cancels, and fences this worker without any server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from foliot.common.clock import Clock
from foliot.common.errors import Unavailable
from foliot.common.ledger.again import again
from foliot.common.ledger.workers import Offer
from foliot.common.model.execution import Handle
from foliot.worker import events, metrics
from foliot.worker.inbox import Inbox
from foliot.worker.lease import Lease
from foliot.worker.running import CANCELLED, LEASE, Running
from foliot.worker.unit import UnitsOfWork

CHECK_EVERY = 0.5
"""Seconds between two looks at the lease's deadline: a tenth of the margin that a lease of 30 s leaves."""
_log = structlog.get_logger()


class Heartbeat:
    """The duties that keep attempts this worker's, and end them when they are not."""

    def __init__(
        self,
        database: UnitsOfWork, lease: Lease, running: Running, inbox: Inbox, clock: Clock, *,
        claimable: asyncio.Event, offer: Offer, on_extended: Callable[[float], None],
    ) -> None:  # fmt: skip
        """`on_extended` gets the new deadline (CLOCK_BOOTTIME seconds) after each heartbeat."""
        self._database = database
        self._lease = lease
        self._running = running
        self._inbox = inbox
        self._clock = clock
        self._claimable = claimable
        self._offer = offer
        self._on_extended = on_extended

    async def step(self) -> None:
        """Send one heartbeat; stop attempts whose cancel was asked, kill those that were taken from this worker.

        Raises Unavailable.
        """
        sent_at, claim = self._clock.elapsed(), self._lease.claim
        before = [entry for entry in self._running.entries() if entry.claimed.claim == claim]
        renewed = await self._beat(claim, [entry.claimed.handle for entry in before])
        if claim != self._lease.claim:
            return
        self._lease.extend(sent_at)
        self._on_extended(self._lease.deadline)
        self._claimable.set()
        metrics.HEARTBEAT.set(self._clock.now().timestamp())
        metrics.RUNNING.set(self._running.busy)
        metrics.HELD.set(len(self._inbox))
        for entry in before:
            cancel_requested = renewed.get(entry.claimed.execution_id)
            if cancel_requested and entry.stopped_for is None:
                entry.stop(CANCELLED)
            elif cancel_requested is None and self._running.get(entry.claimed.execution_id) is entry:
                self._lose(entry.claimed.execution_id)

    @again
    async def _beat(self, claim: int, handles: Sequence[Handle]) -> dict[int, bool]:
        """execution_id -> True if its cancel was requested, of the attempts that are still this worker's."""
        async with self._database.transaction() as unit:
            await unit.workers.beat_worker(claim, self._offer, self._running.busy, len(self._inbox))
            return await unit.claims.renew_leases(handles, claim, self._lease.seconds) if handles else {}

    def _lose(self, execution_id: int) -> None:
        """End at once an attempt that is not this worker's any more; its result is not recorded.

        An attempt whose result is being recorded at this moment has left RUNNING by that: its task is done.
        """
        entry = self._running.get(execution_id)
        if entry is None or entry.task is None or entry.task.done():
            return
        entry.kill(LEASE, self._clock)

    async def guard(self) -> None:
        """A duty: past the deadline, kill everything that runs, before the server's lease ends, and take a new claim
        token."""
        if self._lease.deadline == 0.0 or self._lease.holds:
            return
        lost = self._running.entries()
        _log.error(events.LEASE_LOST, running=len(lost))
        for entry in lost:
            self._lose(entry.claimed.execution_id)
        self._lease.renew_token()

    async def end(self) -> None:
        """The last write of a graceful stop: this token holds nothing any more."""
        try:
            async with self._database.session() as unit:
                await unit.workers.forget_worker(self._lease.claim)
        except Unavailable:
            pass
