"""Reconcile: finds ends of runs and of jobs that a race or a crash left undone, and completes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from foliot.common.ledger.again import again
from foliot.common.ledger.conclude import end_runs
from foliot.scheduler.unit import Unit, UnitsOfWork

JOBS_PER_BATCH = 500
"""Most jobs that one transaction completes and holds locked."""
Select = Callable[[Unit, int], Awaitable[list[int]]]
"""Chooses the job_ids of one batch, in their order, after the given one."""


class Reconciler:
    """The reconciler of one term."""

    RELEASE_INTERVAL = 1.0
    """Seconds between two looks for runs to release: a waiting run is late by no more than this."""
    SETTLE_INTERVAL = 10.0
    """Seconds between two looks for jobs to end: nothing waits for their outcome, so it may come later."""

    def __init__(self, database: UnitsOfWork, term: int) -> None:
        self._database = database
        self._term = term

    async def release(self) -> None:
        """Release the runs that wait for an earlier run although none is unfinished."""
        await self._end(lambda unit, after: unit.endings.select_waiting_jobs(after, JOBS_PER_BATCH))

    async def settle(self) -> None:
        """Write the outcome of jobs that have no further tick and nothing open."""
        await self._end(lambda unit, after: unit.endings.select_unsettled(after, JOBS_PER_BATCH))

    async def _end(self, select: Select) -> None:
        """End runs of the selected jobs batch by batch, each in a transaction under the term. Raises Fenced."""
        after, full = 0, True
        while full:
            job_ids = await self._end_batch(select, after)
            full = len(job_ids) == JOBS_PER_BATCH
            after = job_ids[-1] if job_ids else after

    @again
    async def _end_batch(self, select: Select, after: int) -> list[int]:
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            job_ids = await select(unit, after)
            if job_ids:
                await end_runs(unit, job_ids)
        return job_ids
