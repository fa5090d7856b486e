"""The plan's write: judged ticks become ledger rows and their jobs' next_run_time moves on, both or neither.

Plain ticks, nearly all of them, take one statement. The others take a transaction that locks their jobs first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from foliot.common.ledger.again import again
from foliot.common.ledger.conclude import end_runs
from foliot.common.ledger.faults import is_missing_month
from foliot.common.ledger.plan import PlannedRow, ReadJob
from foliot.common.ledger.splitting import split
from foliot.common.model.execution import Handout
from foliot.common.model.ticks import OpenRuns, PlainTick
from foliot.scheduler.decisions import NO_FLOOR, Decision, Judged, decide, plain_tick
from foliot.scheduler.dispatcher import Dispatcher
from foliot.scheduler.new_runs import NewRun, report, sort_out
from foliot.scheduler.portions import Floor
from foliot.scheduler.unit import Unit, UnitsOfWork
from foliot.scheduler.unplannable import Unplannable

_NOTHING_OPEN = OpenRuns()


class PlanWriter:
    """The writing half of the planner. It hands the runs that it has committed to the dispatcher."""

    def __init__(
        self, database: UnitsOfWork, term: int, dispatcher: Dispatcher, floor: Floor, unplannable: Unplannable
    ) -> None:
        self._database = database
        self._term = term
        self._dispatcher = dispatcher
        self._floor = floor
        self._unplannable = unplannable

    async def write(self, portion: Sequence[Judged], now: datetime) -> int:
        """Write a portion that was judged at `now`, by the database's clock. Gives how many of its jobs are done with.

        The other jobs were changed or locked by somebody, or lack a month: they stay due. A job whose rows PostgreSQL
        refuses is given up. Raises Fenced if the term has passed, Unavailable if PostgreSQL is away.
        """
        plain = [judged for judged in portion if judged.plain]
        others = [judged for judged in portion if not judged.plain] if len(plain) < len(portion) else []
        return await self._split(plain, now) + await self._split(others, now)

    async def _split(self, judged: list[Judged], now: datetime) -> int:
        """Write ticks that are all plain or all not, in halves if PostgreSQL refuses one of them."""
        if not judged:
            return 0
        write = self._write_plain if judged[0].plain else self._write_locked

        async def written(batch: Sequence[Judged]) -> int:
            try:
                return await write(batch, now)
            except asyncpg.CheckViolationError as error:
                if not is_missing_month(error):
                    raise
                return await self._unplannable.make_months(batch, now)

        async def refused(one: Judged, error: Exception) -> int:
            await self._unplannable.give_up(one.job, error)
            return 1

        return sum(await split(judged, written, refused))

    async def _write_plain(self, judged: Sequence[Judged], now: datetime) -> int:
        """Write plain ticks in one statement. It passes over jobs whose row is no longer the one that was read; a run
        that somebody opened since then has changed that row too."""
        judged = sorted(judged, key=_job_id)
        ticks = [plain_tick(one) for one in judged]
        try:
            floor, made = await self._plan_plain(ticks, _floor_of(judged), now)
        except asyncpg.UniqueViolationError:  # one of the ticks has its row already
            return await self._write_locked([one for one in judged if one.job.next_run_time <= now], now)
        if floor is not None:  # nothing was written if it has risen: a tick may lie in a month that is closed now
            self._floor.at = floor
        self._dispatcher.send(
            [
                Handout(made[t.job_id], t.job_id, t.scheduled_time, 1, t.pool, t.priority, t.available_at)
                for t in ticks
                if t.dispatch and t.job_id in made
            ]
        )
        await report(
            [
                NewRun(made[tick.job_id], one.job, tick.scheduled_time, tick.next_run_time)
                for tick, one in zip(ticks, judged, strict=True)
                if tick.job_id in made
            ]
        )
        return len(made)

    @again
    async def _plan_plain(
        self, ticks: Sequence[PlainTick], known: datetime, now: datetime
    ) -> tuple[datetime | None, dict[int, int]]:
        with self._dispatcher.reservation() as reserve:
            reserve(ticks, now)
            async with self._database.session() as unit:
                return await unit.plan.plan_plain_ticks(ticks, self._term, known)

    async def _write_locked(self, judged: Sequence[Judged], now: datetime) -> int:
        """Write ticks in a transaction: lock the jobs, read their open runs in a later statement, then insert."""
        decisions, inserted = await self._plan_locked(judged, now)
        self._dispatcher.send([row for row in inserted if row.dispatched_at is not None])
        await report(sort_out(decisions, inserted))
        return len(decisions)

    @again
    async def _plan_locked(self, judged: Sequence[Judged], now: datetime) -> tuple[list[Decision], list[PlannedRow]]:
        """Gives the decisions about jobs that nobody has changed or locked, and the rows that were not there yet."""
        with self._dispatcher.reservation() as reserve:
            async with self._database.transaction() as unit:
                read = [ReadJob(one.job.job_id, one.job.version, one.job.next_run_time) for one in judged]
                floor, locked = await unit.plan.hold_and_lock_due_jobs(read, self._term)
                if _floor_of(judged) < floor:  # a tick may lie in a month that is closed now: judge again
                    self._floor.at = floor
                    return [], []
                unchanged = [one for one in judged if one.job.job_id in locked]
                if not unchanged:
                    return [], []
                open_runs = await _open_runs(unit, unchanged)
                decisions = [decide(one, open_runs.get(one.job.job_id, _NOTHING_OPEN)) for one in unchanged]
                reserve([tick for decision in decisions for tick in decision.ticks], now)
                return decisions, await self._insert(unit, decisions)

    async def _insert(self, unit: Unit, decisions: Sequence[Decision]) -> list[PlannedRow]:
        """Apply the decisions to locked jobs."""
        cancels = [decision.advance.job_id for decision in decisions if decision.cancel_open]
        outcomes = await unit.endings.cancel_open(cancels) if cancels else {}
        ticks = [tick for decision in decisions for tick in decision.ticks]
        inserted = await unit.plan.insert_planned(ticks, self._term, [decision.advance for decision in decisions])
        ending = [decision.advance.job_id for decision in decisions if _may_end(decision)]
        if ending:
            await end_runs(unit, ending, outcomes)
        return inserted


async def _open_runs(unit: Unit, judged: Sequence[Judged]) -> dict[int, OpenRuns]:
    """The open runs of these locked jobs; for a job that is caught up also the moment from which they have been there.

    Few jobs need that moment, and it takes a look at all that happened while the run was open.
    """
    open_runs = await unit.plan.select_open_runs([one.job.job_id for one in judged])
    open_ids = {job_id for job_id, runs in open_runs.items() if runs.since is not None}
    caught_up = [one.job.job_id for one in judged if one.gap and one.job.job_id in open_ids]
    if caught_up:
        for job_id, begun in (await unit.plan.select_begun(caught_up)).items():
            open_runs[job_id] = msgspec.structs.replace(open_runs[job_id], begun=begun)
    return open_runs


def _floor_of(judged: Sequence[Judged]) -> datetime:
    """The floor of history by which all of these were judged. Another portion may have met a higher one since then."""
    return min((one.floor for one in judged), default=NO_FLOOR)


def _job_id(judged: Judged) -> int:
    return judged.job.job_id


def _may_end(decision: Decision) -> bool:
    """True if a waiting run may be released at once, or the job may have come to its end."""
    return decision.cancel_open or (decision.advance.next_run_time is None and not decision.advance.runs)
