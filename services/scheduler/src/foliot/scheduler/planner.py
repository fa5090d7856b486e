"""Plan: due jobs become rows of the ledger, and their next_run_time moves on, in one transaction under the term."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import asyncpg
import structlog

from foliot.common.clock import Clock, rfc3339
from foliot.common.ledger.audit_logs import FOLIOT, AuditEntry
from foliot.common.ledger.conclude import end_runs
from foliot.common.ledger.database import UnitsOfWork
from foliot.common.ledger.executions import Tick
from foliot.common.ledger.jobs import OpenRuns
from foliot.common.ledger.unit import Unit
from foliot.common.model.tracing import trace_id
from foliot.common.schedules.errors import ScheduleError
from foliot.scheduler import events, metrics
from foliot.scheduler.decisions import NO_FLOOR, Judged, Plan, decide, is_plain, judge, plain_tick
from foliot.scheduler.dispatcher import AHEAD, Dispatcher, Handout, handout
from foliot.scheduler.due_jobs import DueJob, due_job, timetable_of
from foliot.scheduler.poison import is_missing_month, is_poison

MAX_SLEEP = 0.2
LOOK_AGAIN = 0.02
PACE = 0.04
"""From the start of a small batch to the next: what falls due meanwhile shares a transaction, a message and a claim."""
LONGEST_GAP = timedelta(days=366 * 5)
"""Since when ticks may be due: nothing was down for longer, and months are not made without end."""
CPU_SLICE = 0.01
PORTION = 500
PORTIONS = 10
AT_ONCE = 2
_NOTHING_OPEN = OpenRuns()
Write = Callable[[list[Judged], datetime], Awaitable[int]]
Line = tuple[int, DueJob | Tick, datetime, datetime | None]
"""What the log says of a new run: (execution_id, whose it is, scheduled_time, next_run_time of the job)"""
_log = structlog.get_logger()


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
            rows = await unit.jobs.select_pending_jobs(self._batch, AHEAD)
            if not rows:
                now, next_run_time = await unit.jobs.select_next_run_time()
                return _until(now, next_run_time)
        now = rows[0]["now"]
        judged, planned = await self._write_portions(rows, now)
        if len(rows) == self._batch:
            return 0.0
        return LOOK_AGAIN if planned < judged else max(0.0, started + PACE - self._clock.elapsed())

    async def _write_portions(self, rows: Sequence[asyncpg.Record], now: datetime) -> tuple[int, int]:
        """Jobs (judged, planned). The next portion is judged while others are written: their jobs are not the same."""
        judged = planned = 0
        writing: deque[asyncio.Task[int]] = deque()
        try:
            async for portion in self._judge(rows, now):
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

    async def _judge(self, rows: Sequence[asyncpg.Record], now: datetime) -> AsyncIterator[list[Judged]]:
        """Outside any transaction, in slices, so that no callback holds the loop for long. A portion has about
        PORTION rows of the ledger; after PORTIONS of them the rest stays due, behind what has become due meanwhile."""
        portion: list[Judged] = []
        size = portions = 0
        slice_end = self._clock.elapsed() + CPU_SLICE
        for row in rows:
            try:
                job = due_job(row)
                judged = judge(job, timetable_of(job), max(now, job.next_run_time), self._floor)
                if job.next_run_time <= now or is_plain(judged):  # what meets another run is decided when it is due
                    portion.append(judged)
                    size += len(judged.kept) + len(judged.skipped)
            except (ScheduleError, KeyError, ValueError, TypeError, OverflowError) as error:
                await self._give_up(row["job_id"], row["version"], error)
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
        plain = [judged for judged in portion if is_plain(judged)]
        others = [judged for judged in portion if not is_plain(judged)] if len(plain) < len(portion) else []
        return await self._apply(plain, now, self._write_plain) + await self._apply(others, now, self._write)

    async def _apply(self, judged: list[Judged], now: datetime, write: Write) -> int:
        """Write a batch; split it until a poisonous row stands alone. Gives how many jobs were planned."""
        if not judged:
            return 0
        try:
            return await write(judged, now)
        except asyncpg.PostgresError as refusal:
            error: Exception = refusal
            if is_missing_month(refusal):
                first = min(j.job.next_run_time for j in judged)
                if now - first < LONGEST_GAP:
                    await self._make_months(first, now)
                    return 0
                error = ScheduleError(f"due since {rfc3339(first)}, longer than {LONGEST_GAP.days} days")
            elif not is_poison(refusal):
                raise
            if len(judged) == 1:
                await self._give_up(judged[0].job.job_id, judged[0].job.version, error)
                return 1
            middle = len(judged) // 2
            return await self._apply(judged[:middle], now, write) + await self._apply(judged[middle:], now, write)

    async def _make_months(self, first: datetime, now: datetime) -> None:
        """After a long gap ticks lie in months that nobody needed yet; the jobs stay due and are looked at again."""
        async with self._database.transaction() as unit:
            await unit.leader.ensure_partitions("executions", first, now + timedelta(days=62))

    async def _write_plain(self, judged: list[Judged], now: datetime) -> int:
        """One statement. Whatever opens a run of a job or changes it writes its row, which is then left for later."""
        judged.sort(key=_job_id)
        ticks = [plain_tick(j) for j in judged]
        self._dispatcher.reserve(ticks, now)
        try:
            async with self._database.session() as unit:
                floor, made = await unit.executions.plan_plain_ticks(ticks, self._term, self._floor)
        except asyncpg.UniqueViolationError:  # a tick that has its row already
            return await self._write([j for j in judged if j.job.next_run_time <= now], now)
        self._floor = floor or self._floor  # what was judged may lie in a month that is closed now: look again
        planned = [(made[tick.job_id], tick, j) for tick, j in zip(ticks, judged, strict=True) if tick.job_id in made]
        self._dispatcher.send(
            [
                Handout(execution_id, tick.scheduled_time, tick.job_id, 1, tick.queue, tick.priority, tick.available_at)
                for execution_id, tick, _ in planned
                if tick.dispatch
            ]
        )
        metrics.RUNS_PLANNED.inc(len(made))
        await self._report([(number, j.job, tick.scheduled_time, tick.next_run_time) for number, tick, j in planned])
        return len(made)

    async def _write(self, judged: list[Judged], now: datetime) -> int:
        """Lock, then look in a later statement, then insert and advance."""
        async with self._database.transaction() as unit:
            read = [(j.job.job_id, j.job.version, j.job.next_run_time) for j in judged]
            floor, locked = await unit.jobs.hold_and_lock_due_jobs(read, self._term)
            if self._floor < floor:
                self._floor = floor  # what was judged may lie in a month that is closed now: look again
                return 0
            standing = [j for j in judged if j.job.job_id in locked]
            if not standing:
                return 0
            open_runs = await unit.jobs.select_open_runs([j.job.job_id for j in standing])
            plans = [decide(j, open_runs.get(j.job.job_id, _NOTHING_OPEN)) for j in standing]
            inserted = await self._insert(unit, plans, now)
        self._dispatcher.send([handout(row) for row in inserted if row["dispatched_at"] is not None])
        await self._report(_made(plans, inserted))
        return len(standing)

    async def _insert(self, unit: Unit, plans: Sequence[Plan], now: datetime) -> list[asyncpg.Record]:
        cancelled = [plan.advance.job_id for plan in plans if plan.cancel_open]
        for job_id in cancelled:
            await unit.executions.cancel_open(job_id)
        ticks = [tick for plan in plans for tick in plan.ticks]
        self._dispatcher.reserve(ticks, now)
        inserted = await unit.executions.insert_planned(ticks, self._term, [plan.advance for plan in plans])
        ending = [
            p.advance.job_id for p in plans if p.cancel_open or (p.advance.next_run_time is None and not p.advance.runs)
        ]
        if ending:
            await end_runs(unit, ending)
        return inserted

    async def _give_up(self, job_id: int, version: int, error: Exception) -> None:
        """A job that cannot be planned becomes FAILED, so that it never stops the others."""
        async with self._database.transaction() as unit:
            await unit.leader.hold_term(self._term)
            row = await unit.jobs.fail_unplannable(job_id, version)
            if row is None:
                return
            await unit.audit_logs.insert_audit(
                AuditEntry(
                    user_id=FOLIOT, team_id=row["team_id"], action="FAIL_JOB", resource_type="JOB", resource_id=job_id,
                    new_value={"status": "FAILED", "reason": str(error)[:1000]},
                )
            )  # fmt: skip
        metrics.POISON.inc()
        _log.error(events.JOB_UNPLANNABLE, job_id=job_id, error=error)

    async def _report(self, lines: Sequence[Line]) -> None:
        """Each run's line, in slices."""
        log = _log.bind()  # found once: looking for it costs half as much as the line
        for number, (execution_id, owner, scheduled_time, next_run_time) in enumerate(lines):
            if number % PORTION == PORTION - 1:
                await asyncio.sleep(0)
            log.info(
                events.JOB_SCHEDULED, job_id=owner.job_id, execution_id=execution_id, scheduled_time=scheduled_time,
                next_run_time=next_run_time, user_id=owner.user_id, team_id=owner.team_id,
                request_id=owner.request_id, trace_id=trace_id(owner.traceparent),
            )  # fmt: skip


def _job_id(judged: Judged) -> int:
    return judged.job.job_id


def _made(plans: Sequence[Plan], inserted: Sequence[asyncpg.Record]) -> list[Line]:
    """What the log says of the runs; all that was inserted is counted."""
    next_run_times = {plan.advance.job_id: plan.advance.next_run_time for plan in plans}
    ticks = {(tick.job_id, tick.scheduled_time): tick for plan in plans for tick in plan.ticks}
    rows = [(row["execution_id"], ticks[row["job_id"], row["scheduled_time"]]) for row in inserted]
    lines: list[Line] = [
        (execution_id, tick, tick.scheduled_time, next_run_times[tick.job_id])
        for execution_id, tick in rows
        if tick.status == "QUEUED"
    ]
    metrics.RUNS_PLANNED.inc(len(lines))
    for _, tick in rows:
        if tick.status != "QUEUED":
            metrics.TICKS_SKIPPED.labels(tick.error_message).inc(tick.skipped_count or 1)
    return lines


def _until(now: datetime, next_run_time: datetime | None) -> float:
    if next_run_time is None:
        return MAX_SLEEP
    return min(MAX_SLEEP, max(0.0, (next_run_time - AHEAD - now) / timedelta(seconds=1)))
