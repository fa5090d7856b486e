"""Plan: due jobs become rows of the ledger, and their next_run_time moves on, in one transaction under the term."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg
import structlog

from foliot.common.clock import Clock, rfc3339
from foliot.common.ledger.audit_logs import FOLIOT, AuditEntry
from foliot.common.ledger.conclude import end_runs
from foliot.common.ledger.faults import is_missing_month
from foliot.common.ledger.plan import NextRun, PlannedRow, ReadJob
from foliot.common.ledger.splitting import split
from foliot.common.model.due import DueJob
from foliot.common.model.execution import Handout
from foliot.common.model.states import ExecutionStatus
from foliot.common.model.ticks import OpenRuns, PlainTick, Tick
from foliot.common.model.tracing import trace_id
from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.of_job import timetable_of
from foliot.scheduler import events, metrics
from foliot.scheduler.decisions import NO_FLOOR, Decision, Judged, decide, judge, plain_tick
from foliot.scheduler.dispatcher import AHEAD, Dispatcher
from foliot.scheduler.partitions import MONTHS_AHEAD
from foliot.scheduler.unit import Unit, UnitsOfWork

MAX_SLEEP = 0.2
"""Seconds until the planner looks again without a hint: polling finds what a lost NOTIFY would have told."""
LOOK_AGAIN = 0.02
"""Seconds until jobs that changed while they were planned are looked at again."""
PACE = 0.04
"""Seconds from the start of a small batch to the next: what falls due in between shares a transaction, a message and a
claim."""
LONGEST_GAP = timedelta(days=366 * 5)
"""The longest time for which ticks may be due: nothing was down for longer, and months are not made without end."""
CPU_SLICE = 0.01
"""Seconds of computing between two turns of the event loop."""
PORTION = 500
"""Rows of the ledger that one transaction of a batch writes, about."""
PORTIONS = 10
"""Portions of one batch: the rest stays due, behind what has become due since."""
AT_ONCE = 2
"""Portions that are written at the same time, each over a connection of its own."""
_NOTHING_OPEN = OpenRuns()
_log = structlog.get_logger()


class NewRun(NamedTuple):
    """A new run as the log tells of it; `next_run_time` of its job."""

    execution_id: int
    owner: DueJob | Tick
    scheduled_time: datetime
    next_run_time: datetime | None


class Planner:
    """One leader's planner. `step` is one batch; it gives the seconds until the next is worth asking for."""

    def __init__(
        self, database: UnitsOfWork, term: int, dispatcher: Dispatcher, clock: Clock, *, batch: int = 500
    ) -> None:
        self._database = database
        self._term = term
        self._dispatcher = dispatcher
        self._clock = clock
        self._batch = batch
        self._floor = NO_FLOOR

    async def step(self) -> float:
        started = self._clock.elapsed()
        async with self._database.session() as unit:
            jobs = await unit.plan.select_pending_jobs(self._batch, AHEAD)
            if not jobs:
                return _until(await unit.plan.select_next_run_time())
        now = jobs[0].now
        assert now is not None
        judged, planned = await self._write_portions(jobs, now)
        if len(jobs) == self._batch:
            return 0.0
        return LOOK_AGAIN if planned < judged else max(0.0, started + PACE - self._clock.elapsed())

    async def _write_portions(self, jobs: Sequence[DueJob], now: datetime) -> tuple[int, int]:
        """Jobs (judged, planned). The next portion is judged while others are written: their jobs are not the same."""
        judged = planned = 0
        writing: deque[asyncio.Task[int]] = deque()
        try:
            async for portion in self._judge(jobs, now):
                judged += len(portion)
                if len(writing) == AT_ONCE:
                    planned += await writing.popleft()
                writing.append(asyncio.create_task(self._plan(portion, now), name="plan-portion"))
            while writing:
                planned += await writing.popleft()
        except asyncio.CancelledError:
            for task in writing:
                task.cancel()
            raise
        finally:
            await asyncio.gather(*writing, return_exceptions=True)  # what is committed is also sent
        return judged, planned

    async def _judge(self, jobs: Sequence[DueJob], now: datetime) -> AsyncIterator[list[Judged]]:
        """Outside any transaction, in slices, so that no callback holds the loop for long. A portion has about
        PORTION rows of the ledger; after PORTIONS of them the rest stays due, behind what has become due meanwhile."""
        portion: list[Judged] = []
        size = portions = 0
        slice_end = self._clock.elapsed() + CPU_SLICE
        for job in jobs:
            try:
                judged = judge(job, timetable_of(job), max(now, job.next_run_time), self._floor)
                if job.next_run_time <= now or judged.plain:  # what meets another run is decided when it is due
                    portion.append(judged)
                    size += len(judged.kept) + len(judged.skipped)
            except (ScheduleError, KeyError, ValueError, TypeError, OverflowError) as error:
                await self._give_up(job, error)
            if self._clock.elapsed() > slice_end:
                await asyncio.sleep(0)
                slice_end = self._clock.elapsed() + CPU_SLICE
            if size >= PORTION:
                yield portion
                portion, size, portions = [], 0, portions + 1
                if portions == PORTIONS:
                    return
        yield portion

    async def _plan(self, portion: list[Judged], now: datetime) -> int:
        """Gives how many jobs were planned."""
        plain = [judged for judged in portion if judged.plain]
        others = [judged for judged in portion if not judged.plain] if len(plain) < len(portion) else []
        return await self._apply(plain, now) + await self._apply(others, now)

    async def _apply(self, judged: list[Judged], now: datetime) -> int:
        """Write a batch, all plain or none; a job whose row PostgreSQL refuses is given up. Gives how many were
        planned."""
        if not judged:
            return 0
        write = self._write_plain if judged[0].plain else self._write

        async def written(batch: Sequence[Judged]) -> int:
            try:
                return await write(batch, now)
            except asyncpg.CheckViolationError as error:
                if not is_missing_month(error):
                    raise
                return await self._make_months(batch, now)

        async def refused(one: Judged, error: Exception) -> int:
            await self._give_up(one.job, error)
            return 1

        return sum(await split(judged, written, refused))

    async def _make_months(self, judged: Sequence[Judged], now: datetime) -> int:
        """After a long gap ticks lie in months that nobody needed yet. They are made, and the jobs stay due; those due
        for longer than LONGEST_GAP are given up. Gives how many were."""
        beyond = [one for one in judged if now - one.job.next_run_time >= LONGEST_GAP]
        for one in beyond:
            due = rfc3339(one.job.next_run_time)
            await self._give_up(one.job, ScheduleError(f"due since {due}, longer than {LONGEST_GAP.days} days"))
        within = [one.job.next_run_time for one in judged if now - one.job.next_run_time < LONGEST_GAP]
        if within:
            async with self._database.transaction() as unit:
                await unit.months.ensure_partitions("executions", min(within), now + MONTHS_AHEAD)
        return len(beyond)

    async def _write_plain(self, judged: Sequence[Judged], now: datetime) -> int:
        """One statement. Whatever opens a run of a job or changes it writes its row, which is then left for later."""
        judged = sorted(judged, key=_job_id)
        ticks = [plain_tick(j) for j in judged]
        self._dispatcher.reserve(ticks, now)
        try:
            async with self._database.session() as unit:
                floor, made = await unit.plan.plan_plain_ticks(ticks, self._term, self._floor)
        except asyncpg.UniqueViolationError:  # a tick that has its row already
            return await self._write([j for j in judged if j.job.next_run_time <= now], now)
        self._floor = floor or self._floor  # what was judged may lie in a month that is closed now: look again
        planned = [(made[tick.job_id], tick, j) for tick, j in zip(ticks, judged, strict=True) if tick.job_id in made]
        self._dispatcher.send(
            [
                Handout(execution_id, tick.job_id, tick.scheduled_time, 1, tick.pool, tick.priority, tick.available_at)
                for execution_id, tick, _ in planned
                if tick.dispatch
            ]
        )
        metrics.RUNS_PLANNED.inc(len(made))
        await self._report([_new_run(number, tick, j.job) for number, tick, j in planned])
        return len(made)

    async def _write(self, judged: Sequence[Judged], now: datetime) -> int:
        """Lock, then look in a later statement, then insert and advance."""
        async with self._database.transaction() as unit:
            read = [ReadJob(j.job.job_id, j.job.version, j.job.next_run_time) for j in judged]
            floor, locked = await unit.plan.hold_and_lock_due_jobs(read, self._term)
            if self._floor < floor:
                self._floor = floor  # what was judged may lie in a month that is closed now: look again
                return 0
            standing = [j for j in judged if j.job.job_id in locked]
            if not standing:
                return 0
            open_runs = await unit.plan.select_open_runs([j.job.job_id for j in standing])
            decisions = [decide(j, open_runs.get(j.job.job_id, _NOTHING_OPEN)) for j in standing]
            inserted = await self._insert(unit, decisions, now)
        self._dispatcher.send([row for row in inserted if row.dispatched_at is not None])
        await self._report(_made(decisions, inserted))
        return len(standing)

    async def _insert(self, unit: Unit, decisions: Sequence[Decision], now: datetime) -> list[PlannedRow]:
        cancelled = [decision.advance.job_id for decision in decisions if decision.cancel_open]
        for job_id in cancelled:
            await unit.endings.cancel_open(job_id)
        ticks = [tick for decision in decisions for tick in decision.ticks]
        self._dispatcher.reserve(ticks, now)
        inserted = await unit.plan.insert_planned(ticks, self._term, [decision.advance for decision in decisions])
        ending = [
            d.advance.job_id
            for d in decisions
            if d.cancel_open or (d.advance.next_run_time is None and not d.advance.runs)
        ]
        if ending:
            await end_runs(unit, ending)
        return inserted

    async def _give_up(self, job: DueJob, error: Exception) -> None:
        """A job that cannot be planned becomes FAILED, so that it never stops the others."""
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            failed = await unit.plan.fail_unplannable(job.job_id, job.version)
            if failed is None:
                return
            await unit.audit_logs.insert_audit(
                AuditEntry(
                    user_id=FOLIOT, team_id=failed.team_id, action="FAIL_JOB", resource_type="JOB",
                    resource_id=job.job_id, new_value={"status": "FAILED", "reason": str(error)[:1000]},
                )
            )  # fmt: skip
        metrics.POISON.inc()
        _log.error(events.JOB_UNPLANNABLE, job_id=job.job_id, error=error)

    async def _report(self, runs: Sequence[NewRun]) -> None:
        """Each run's line, in slices."""
        log = _log.bind()  # found once: looking for it costs half as much as the line
        for number, (execution_id, owner, scheduled_time, next_run_time) in enumerate(runs):
            if number % PORTION == PORTION - 1:
                await asyncio.sleep(0)
            log.info(
                events.JOB_SCHEDULED, job_id=owner.job_id, execution_id=execution_id, scheduled_time=scheduled_time,
                next_run_time=next_run_time, user_id=owner.user_id, team_id=owner.team_id,
                request_id=owner.request_id, trace_id=trace_id(owner.traceparent),
            )  # fmt: skip


def _job_id(judged: Judged) -> int:
    return judged.job.job_id


def _new_run(execution_id: int, tick: PlainTick, job: DueJob) -> NewRun:
    return NewRun(execution_id, job, tick.scheduled_time, tick.next_run_time)


def _made(decisions: Sequence[Decision], inserted: Sequence[PlannedRow]) -> list[NewRun]:
    """The new runs; all that was inserted is counted."""
    next_run_times = {decision.advance.job_id: decision.advance.next_run_time for decision in decisions}
    ticks = {(tick.job_id, tick.scheduled_time): tick for decision in decisions for tick in decision.ticks}
    rows = [(row.execution_id, ticks[row.job_id, row.scheduled_time]) for row in inserted]
    runs = [
        NewRun(execution_id, tick, tick.scheduled_time, next_run_times[tick.job_id])
        for execution_id, tick in rows
        if tick.status == ExecutionStatus.QUEUED
    ]
    metrics.RUNS_PLANNED.inc(len(runs))
    for _, tick in rows:
        if tick.status == ExecutionStatus.SKIPPED:
            metrics.TICKS_SKIPPED.labels(tick.error_message).inc(tick.skipped_count or 1)
    return runs


def _until(due: NextRun) -> float:
    if due.next_run_time is None:
        return MAX_SLEEP
    return min(MAX_SLEEP, max(0.0, (due.next_run_time - AHEAD - due.now) / timedelta(seconds=1)))
