"""Reconcile: what a race or a crash left undone is found and done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from foliot.common.ledger.conclude import end_runs
from foliot.scheduler.unit import Unit, UnitsOfWork

BATCH = 500


class Reconciler:
    """Waiting runs without an unfinished earlier run are released; jobs that nothing follows take their outcome."""

    def __init__(self, database: UnitsOfWork, term: int) -> None:
        self._database = database
        self._term = term

    async def release(self) -> None:
        """Each second: runs that wait for nothing any more."""
        await self._end(lambda unit, after: unit.endings.select_waiting_jobs(after, BATCH))

    async def settle(self) -> None:
        """Every 10 s: jobs that will not be armed again and have nothing open."""
        await self._end(lambda unit, after: unit.endings.select_unsettled(after, BATCH))

    async def _end(self, select: Callable[[Unit, int], Awaitable[list[int]]]) -> None:
        """Go through the selected jobs batch by batch, each in a transaction under the term."""
        after, full = 0, True
        while full:
            async with self._database.transaction() as unit:
                await unit.terms.hold_term(self._term)
                job_ids = await select(unit, after)
                if job_ids:
                    await end_runs(unit, job_ids)
            full = len(job_ids) == BATCH
            after = job_ids[-1] if job_ids else after
