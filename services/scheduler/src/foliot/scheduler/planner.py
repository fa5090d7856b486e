"""Plan: due jobs become rows of the ledger, and their next_run_time moves on, in one transaction under the term.

The flow is: read the due jobs, judge them (portions), write them (plan_writer), log the new runs (new_runs).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from foliot.common.clock import Clock
from foliot.common.ledger.plan import NextRun
from foliot.common.model.due import DueJob
from foliot.scheduler.dispatcher import HAND_OUT_AHEAD, Dispatcher
from foliot.scheduler.plan_writer import PlanWriter
from foliot.scheduler.portions import Floor, Portions
from foliot.scheduler.unit import UnitsOfWork
from foliot.scheduler.unplannable import Unplannable

LOOK_AGAIN = 0.02
"""Seconds until the planner reads jobs again that somebody changed or locked while they were planned."""
PACE = 0.04
"""Seconds from the start of a small batch to the next. Jobs that become due in between share a transaction, a message
and a claim."""
PORTIONS_AT_ONCE = 2
"""Portions that are written at the same time, each over a connection of its own."""


class Planner:
    """The planner of one term."""

    INTERVAL = 0.2
    """Seconds until the planner looks again without a hint: polling finds the jobs of a NOTIFY that never arrived."""

    def __init__(self, database: UnitsOfWork, term: int, dispatcher: Dispatcher, clock: Clock, *, batch: int) -> None:
        """`batch`: most due jobs that one step reads."""
        floor, unplannable = Floor(), Unplannable(database, term)
        self._database = database
        self._clock = clock
        self._batch = batch
        self._portions = Portions(floor, unplannable, clock)
        self._writer = PlanWriter(database, term, dispatcher, floor, unplannable)

    async def step(self) -> float:
        """Plan one batch. Gives the seconds until the next step is worthwhile.

        Raises Fenced if the term has passed, Unavailable if PostgreSQL is away.
        """
        started = self._clock.elapsed()
        async with self._database.session() as unit:
            jobs = await unit.plan.select_pending_jobs(self._batch, HAND_OUT_AHEAD)
            if not jobs:
                return _seconds_until(await unit.plan.select_next_run_time())
        now = jobs[0].now
        assert now is not None
        all_planned = await self._plan(jobs, now)
        if len(jobs) == self._batch:
            return 0.0
        return max(0.0, started + PACE - self._clock.elapsed()) if all_planned else LOOK_AGAIN

    async def _plan(self, jobs: Sequence[DueJob], now: datetime) -> bool:
        """Judge and write; True if each judged job is planned. A portion is judged while others are written, which is
        safe because no two portions have a job in common."""
        judged = planned = 0
        writing: deque[asyncio.Task[int]] = deque()
        try:
            async for portion in self._portions.judged(jobs, now):
                judged += len(portion)
                if len(writing) == PORTIONS_AT_ONCE:
                    planned += await writing.popleft()
                writing.append(asyncio.create_task(self._writer.write(portion, now), name="plan-portion"))
            while writing:
                planned += await writing.popleft()
        except asyncio.CancelledError:
            for task in writing:
                task.cancel()
            raise
        finally:
            await asyncio.gather(*writing, return_exceptions=True)  # so that committed runs are also sent
        return planned >= judged


def _seconds_until(due: NextRun) -> float:
    """Seconds until the next job is to be read, at most the planner's interval."""
    if due.next_run_time is None:
        return Planner.INTERVAL
    return min(Planner.INTERVAL, max(0.0, (due.next_run_time - HAND_OUT_AHEAD - due.now) / timedelta(seconds=1)))
