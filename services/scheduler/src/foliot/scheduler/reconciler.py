"""Reconcile: what a race or a crash left undone is found and done."""

from __future__ import annotations

from foliot.common.database import UnitsOfWork
from foliot.common.runs import end_runs

BATCH = 500


class Reconciler:
    """Waiting runs without an unfinished earlier run are released; jobs that nothing follows take their outcome."""

    def __init__(self, database: UnitsOfWork, term: int) -> None:
        self._database = database
        self._term = term

    async def release(self) -> None:
        """Each second: runs that wait for nothing any more."""
        after = 0
        while True:
            async with self._database.transaction() as unit:
                await unit.leader.hold_term(self._term)
                job_ids = await unit.executions.select_waiting_jobs(after, BATCH)
                if job_ids:
                    await end_runs(unit, job_ids)
            if len(job_ids) < BATCH:
                return
            after = job_ids[-1]

    async def settle(self) -> None:
        """Every 10 s: jobs that will not be armed again and have nothing open."""
        after = 0
        while True:
            async with self._database.transaction() as unit:
                await unit.leader.hold_term(self._term)
                job_ids = await unit.jobs.select_unsettled(after, BATCH)
                if job_ids:
                    await end_runs(unit, job_ids)
            if len(job_ids) < BATCH:
                return
            after = job_ids[-1]
