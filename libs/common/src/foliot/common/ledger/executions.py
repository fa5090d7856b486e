"""Executions: the ledger of attempts, and the only place where an attempt changes its state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from foliot.common.errors import Fenced
from foliot.common.ledger.jobs import Advance, Scope
from foliot.common.ledger.one_month import of_month
from foliot.common.ledger.postgres import Session, Statement, Statements, columns, sparse
from foliot.common.model.records import Execution, execution_from

SQL = Statements("foliot.common.ledger", "executions.sql")


class Tick(msgspec.Struct, kw_only=True):
    """One row that the planner wants in the ledger. `available_at` null: waits for an earlier run; the dispatcher sets
    `dispatch` where the queue's window has room."""

    job_id: int
    user_id: int
    team_id: int | None
    status: str
    scheduled_time: datetime
    queue: str
    priority: int
    available_at: datetime | None = None
    dispatch: bool = False
    error_message: str | None = None
    skipped_count: int | None = None
    skipped_until: datetime | None = None
    request_id: str | None = None
    traceparent: str | None = None


class PlainTick(msgspec.Struct, kw_only=True):
    """The next_run_time of a job as a run that waits for nothing. `at`, `read_xmin`: which version of the job's row was
    read; `delayed_until`, `open_since`: null where they are the tick itself."""

    job_id: int
    at: tuple[int, int]
    read_xmin: int
    scheduled_time: datetime
    next_run_time: datetime | None
    queue: str
    priority: int
    delayed_until: datetime | None = None
    open_since: datetime | None = None
    dispatch: bool = False

    @property
    def available_at(self) -> datetime:
        return self.delayed_until or self.scheduled_time


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended, as its claimant saw it."""

    execution_id: int
    scheduled_time: datetime
    status: str
    exit_code: int | None = None
    http_status: int | None = None
    error_message: str | None = None
    logs: str | None = None


class Handle(msgspec.Struct, frozen=True):
    """What finds one execution without looking into every month."""

    execution_id: int
    scheduled_time: datetime


def _keys(handles: Sequence[Handle]) -> tuple[list[int], list[datetime]]:
    return [handle.execution_id for handle in handles], [handle.scheduled_time for handle in handles]


class Executions:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def plan_plain_ticks(
        self, ticks: Sequence[PlainTick], term: int, floor: datetime
    ) -> tuple[datetime | None, dict[int, int]]:
        """`ticks` by job_id. Gives the floor of history if it is not `floor` (above it: nothing was written), and
        job_id -> execution_id of what was inserted. Raises Fenced, and UniqueViolationError if a tick has its row."""
        answer = await self._session.fetch(
            SQL.plan_plain_ticks, term, floor, [t.at for t in ticks], [t.read_xmin for t in ticks],
            [t.next_run_time for t in ticks], sparse([None if t.dispatch else True for t in ticks]),
            sparse([t.delayed_until for t in ticks]), sparse([t.open_since for t in ticks]),
        )  # fmt: skip
        if not answer:
            raise Fenced(f"term {term} has passed")
        return answer[0]["floor"], {row["job_id"]: row["execution_id"] for row in answer if row["job_id"] is not None}

    async def insert_planned(
        self, ticks: Sequence[Tick], term: int | None, advances: Sequence[Advance] = ()
    ) -> list[asyncpg.Record]:
        """The rows that were not there yet; the locked jobs of `advances` move on in the same statement. `term` null:
        dropped by a change over the API, whose job is locked."""
        rows = [
            (t.job_id, t.user_id, t.team_id, t.status, t.scheduled_time, t.error_message, t.queue, t.priority,
             t.available_at, t.dispatch, t.skipped_count, t.skipped_until, t.request_id, t.traceparent)
            for t in ticks
        ]  # fmt: skip
        moves = [msgspec.structs.astuple(advance) for advance in advances]
        return await self._session.fetch(SQL.insert_planned, *columns(rows, 14), term, *columns(moves, 5))

    async def insert_run(
        self,
        job_id: int, user_id: int, team_id: int | None, queue: str, priority: int, *,
        override: dict[str, Any] | None, request_id: str | None, traceparent: str | None, waits: bool,
    ) -> Execution:  # fmt: skip
        record = await self._session.fetchrow(
            SQL.insert_run, job_id, user_id, team_id, queue, priority, override, request_id, traceparent, waits
        )
        assert record is not None
        return execution_from(record)

    async def insert_retries(self, failed: Sequence[tuple[int, datetime, timedelta]]) -> list[asyncpg.Record]:
        """`failed`: (execution_id, scheduled_time, delay) of attempts that ended in this transaction."""
        return await self._session.fetch(SQL.insert_retries, *columns(failed, 3))

    async def insert_replays(
        self, dead: Sequence[tuple[int, datetime, timedelta]], request_id: str | None, traceparent: str | None
    ) -> list[asyncpg.Record]:
        """`dead`: (execution_id, scheduled_time, delay) of given-up attempts whose jobs are locked."""
        times = [item[1] for item in dead]
        return await self._session.fetch(
            SQL.insert_replays, *columns(dead, 3), min(times), max(times), request_id, traceparent
        )

    async def select_latest_claims(self) -> list[asyncpg.Record]:
        """(queue, priority, dispatched_at, now)."""
        return await self._session.fetch(SQL.select_latest_claims)

    async def take_lost(self, queue: str, priority: int, before: datetime, limit: int) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.take_lost, queue, priority, before, limit)

    async def take_backlog(
        self, queue: str, priority: int, limit: int, ahead: timedelta, since: datetime
    ) -> list[asyncpg.Record]:
        """`since`: waits_since of a survey."""
        return await self._session.fetch(SQL.take_backlog, queue, priority, limit, ahead, since)

    async def survey_open_work(self, depth: int, ahead: timedelta) -> list[asyncpg.Record]:
        """(queue, priority, dispatched, waits_since, available_at, now) of each pool and priority with open work;
        `ahead`: what is available within it counts as available."""
        return await self._session.fetch(SQL.survey_open_work, depth, ahead)

    async def select_dispatched(self, limit: int) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.select_dispatched, limit)

    async def claim_executions(
        self, handles: Sequence[Handle], worker_id: str, claim: int, lease: float, again: bool
    ) -> list[asyncpg.Record]:
        """`again`: the outcome of an earlier try under this token is unknown."""
        ids, times = _keys(handles)
        return await self._fetch_of_month(SQL.claim_executions, times, ids, times, worker_id, claim, lease, again)

    async def fail_unclaimable(self, handle: Handle, error_message: str) -> list[asyncpg.Record]:
        return await self._session.fetch(
            SQL.fail_unclaimable, handle.execution_id, handle.scheduled_time, error_message
        )

    async def record_executions(
        self, outcomes: Sequence[Outcome], ended_ago: Sequence[float], claim: int
    ) -> list[asyncpg.Record]:
        """(execution_id, duration_ms, waits) of those that were still the claimant's; the others are fenced. `waits`:
        a run of its job waits for an earlier one, in the same month. `ended_ago`: seconds, of each outcome."""
        times = [o.scheduled_time for o in outcomes]
        return await self._fetch_of_month(
            SQL.record_executions, times, [o.execution_id for o in outcomes], times,
            sparse([None if o.status == "COMPLETED" else o.status for o in outcomes]),
            sparse([o.exit_code for o in outcomes]), sparse([o.http_status for o in outcomes]),
            sparse([o.error_message for o in outcomes]), sparse([o.logs for o in outcomes]), claim, ended_ago,
        )  # fmt: skip

    async def _fetch_of_month(
        self, statement: Statement, times: Sequence[datetime], *args: Any
    ) -> list[asyncpg.Record]:
        """A month that is gone held nothing that is open."""
        try:
            return await self._session.fetch(of_month(statement, min(times), max(times)), *args)
        except asyncpg.UndefinedTableError:
            return []

    async def renew_leases(self, handles: Sequence[Handle], claim: int, lease: float) -> dict[int, bool]:
        """execution_id -> whether its cancel was asked, of those that are still the claimant's."""
        rows = await self._session.fetch(SQL.renew_leases, *_keys(handles), claim, lease)
        return {row["execution_id"]: row["cancel_requested"] for row in rows}

    async def hand_back(self, handles: Sequence[Handle]) -> int:
        return await self._session.execute(SQL.hand_back, *_keys(handles))

    async def release_claimed(self, handles: Sequence[Handle], claim: int) -> int:
        return await self._session.execute(SQL.release_claimed, *_keys(handles), claim)

    async def rescue_lost(self, claims: Sequence[int], limit: int) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.rescue_lost, list(claims), limit)

    async def release_waiting(self, job_ids: Sequence[int]) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.release_waiting, list(job_ids))

    async def select_waiting_jobs(self, after: int, limit: int) -> list[int]:
        rows = await self._session.fetch(SQL.select_waiting_jobs, after, limit)
        return [row["job_id"] for row in rows]

    async def is_open(self, job_id: int) -> bool:
        answer: bool = await self._session.fetchval(SQL.is_open, job_id)
        return answer

    async def is_waiting(self, job_id: int) -> bool:
        answer: bool = await self._session.fetchval(SQL.is_waiting, job_id)
        return answer

    async def has_run(self, job_id: int, scheduled_time: datetime) -> bool:
        answer: bool = await self._session.fetchval(SQL.has_run, job_id, scheduled_time)
        return answer

    async def cancel_open(self, job_id: int) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.cancel_open, job_id)

    async def cancel_execution(self, handle: Handle) -> Execution | None:
        record = await self._session.fetchrow(SQL.cancel_execution, handle.execution_id, handle.scheduled_time)
        return execution_from(record) if record else None

    async def select_execution(self, execution_id: int, scope: Scope) -> tuple[Execution, str | None] | None:
        """The attempt and its logs."""
        record = await self._session.fetchrow(
            SQL.select_execution, execution_id, scope.everything, scope.team_id, scope.user_id
        )
        if record is None:
            return None
        values = dict(record)
        logs = values.pop("logs")
        return Execution(**values), logs

    async def list_by_job(self, job_id: int, before: tuple[datetime, int], limit: int) -> list[Execution]:
        rows = await self._session.fetch(SQL.list_by_job, job_id, *before, limit)
        return [execution_from(row) for row in rows]

    async def list_ticks(self, job_id: int, first: datetime, last: datetime, limit: int) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.list_ticks, job_id, first, last, limit)

    async def select_last_tick(self, job_id: int, before: datetime) -> asyncpg.Record | None:
        return await self._session.fetchrow(SQL.select_last_tick, job_id, before)

    async def select_floor(self) -> datetime | None:
        floor: datetime | None = await self._session.fetchval(SQL.select_floor)
        return floor

    async def list_executions(
        self, scope: Scope, window: tuple[datetime, datetime], *,
        status: str | None, worker_id: str | None, before: int, limit: int,
    ) -> list[Execution]:  # fmt: skip
        rows = await self._session.fetch(
            SQL.list_executions,
            scope.everything,
            scope.team_id,
            scope.user_id,
            *window,
            status,
            worker_id,
            before,
            limit,
        )
        return [execution_from(row) for row in rows]

    async def select_executions_walk_end(self, window: tuple[datetime, datetime], before: int) -> int | None:
        """None if a page of list_executions looks at everything that is left."""
        end: int | None = await self._session.fetchval(SQL.select_executions_walk_end, *window, before)
        return end

    async def list_executions_of_job(
        self, job_id: int, scope: Scope, window: tuple[datetime, datetime], *,
        status: str | None, worker_id: str | None, before: int, limit: int,
    ) -> list[Execution]:  # fmt: skip
        rows = await self._session.fetch(
            SQL.list_executions_of_job, scope.everything, scope.team_id, scope.user_id, *window, status, worker_id,
            before, limit, job_id,
        )  # fmt: skip
        return [execution_from(row) for row in rows]

    async def oldest_available(self, limit: int) -> list[asyncpg.Record]:
        """(queue, priority, depth, undispatched, available_at), none for what has nothing waiting; depth <= `limit`."""
        return await self._session.fetch(SQL.oldest_available, limit)
