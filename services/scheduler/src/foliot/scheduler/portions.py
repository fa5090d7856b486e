"""Portions: due jobs are judged in pure code, outside any transaction, and handed on in groups of about equal size.

A portion is small enough for one transaction. While it is written, the next one is judged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from foliot.common.clock import Clock
from foliot.common.model.due import DueJob
from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.of_job import timetable_of
from foliot.scheduler.decisions import NO_FLOOR, Judged, judge
from foliot.scheduler.slices import Slices
from foliot.scheduler.unplannable import Unplannable

ROWS_PER_PORTION = 500
"""Ledger rows after which a portion is complete. The last job may add more than that: its ticks stay together."""
PORTIONS_PER_BATCH = 10
"""Portions after which a batch ends. The other jobs stay due, so that jobs which became due since then come first."""


class Floor:
    """The floor of history as this term last read it: ticks before it lie in closed months and get no row."""

    def __init__(self) -> None:
        self.at = NO_FLOOR


class Portions:
    """The judging half of the planner."""

    def __init__(self, floor: Floor, unplannable: Unplannable, clock: Clock) -> None:
        self._floor = floor
        self._unplannable = unplannable
        self._clock = clock

    async def judged(self, jobs: Sequence[DueJob], now: datetime) -> AsyncIterator[list[Judged]]:
        """Yield portions of about ROWS_PER_PORTION rows, at most PORTIONS_PER_BATCH. The last one may be empty.

        A job whose ticks cannot be computed is given up and is in no portion. Raises Fenced if the term has passed by
        then.
        """
        portion: list[Judged] = []
        rows = portions = 0
        slices = Slices(self._clock)
        for job in jobs:
            try:
                judged = judge(job, timetable_of(job), max(now, job.next_run_time), self._floor.at)
                if job.next_run_time <= now or judged.plain:  # a tick that meets another run is decided when it is due
                    portion.append(judged)
                    rows += len(judged.kept) + len(judged.skipped)
            except (ScheduleError, KeyError, ValueError, TypeError, OverflowError) as error:
                await self._unplannable.give_up(job, error)
            if slices.over():
                await slices.turn()
            if rows >= ROWS_PER_PORTION:
                yield portion
                portion, rows, portions = [], 0, portions + 1
                if portions == PORTIONS_PER_BATCH:
                    return
        yield portion
