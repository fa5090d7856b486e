"""The plan step: it reads and locks due jobs, inserts rows for their ticks, and moves next_run_time on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from foliot.common.errors import Fenced
from foliot.common.ledger.postgres import Session, columns, sparse
from foliot.common.ledger.statements import Statements
from foliot.common.model.due import DueJob
from foliot.common.model.execution import Handout
from foliot.common.model.states import JobStatus
from foliot.common.model.ticks import Advance, OpenRuns, PlainTick, Tick


class NextRun(msgspec.Struct, frozen=True):
    """The database's clock, and the earliest next_run_time of all jobs."""

    now: datetime
    next_run_time: datetime | None


class PlainRun(msgspec.Struct, frozen=True):
    """A run that was inserted for a plain tick. `floor`: the floor of history if it is not the known one, else None."""

    floor: datetime | None
    execution_id: int | None
    job_id: int | None


class PlannedRow(Handout, frozen=True):
    """A row that was inserted for a tick. `available_at` is null while the run waits for an earlier one."""

    dispatched_at: datetime | None
    status: str


class ReadJob(msgspec.Struct, frozen=True):
    """The part of a job's row that must be unchanged when its ticks are written."""

    job_id: int
    version: int
    next_run_time: datetime | None
    status: str = JobStatus.PENDING.value
    deleted_at: datetime | None = None


class HeldJob(msgspec.Struct, frozen=True):
    """A locked job under the term, with the floor of history. Without a job: other transactions hold all of them."""

    floor: datetime
    job_id: int | None
    version: int | None
    next_run_time: datetime | None
    status: str | None
    deleted_at: datetime | None


class OpenRunsOfJob(msgspec.Struct, frozen=True):
    """The open runs of one locked job."""

    job_id: int
    open_since: datetime | None
    waits: bool


class BegunRuns(msgspec.Struct, frozen=True):
    """The moment from which an open run of one locked job has been there."""

    job_id: int
    begun: datetime | None


class FailedJob(msgspec.Struct, frozen=True):
    """A job that became FAILED because it cannot be planned."""

    job_id: int
    user_id: int
    team_id: int | None


SQL = Statements(
    "foliot.common.ledger", "plan.sql",
    rows={
        "select_pending_jobs": DueJob, "select_next_run_time": NextRun, "plan_plain_ticks": PlainRun,
        "insert_planned": PlannedRow, "lock_due_jobs": ReadJob, "hold_and_lock_due_jobs": HeldJob,
        "select_open_runs": OpenRunsOfJob, "select_begun": BegunRuns, "fail_unplannable": FailedJob,
    },
)  # fmt: skip


class Plan:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def select_pending_jobs(self, limit: int, ahead: timedelta) -> list[DueJob]:
        """First up to `limit` jobs that have just become due or will within `ahead`. Then overdue jobs: up to a fifth
        of `limit`, and more if the first part is short."""
        return await self._session.read(SQL.select_pending_jobs, limit, limit + limit // 5, ahead)

    async def select_next_run_time(self) -> NextRun:
        found: NextRun = await self._session.read_one(SQL.select_next_run_time)
        return found

    async def plan_plain_ticks(
        self, ticks: Sequence[PlainTick], term: int, floor: datetime
    ) -> tuple[datetime | None, dict[int, int]]:
        """Insert `ticks` (sorted by job_id) and move their jobs on, in one statement.

        Returns the floor of history if it is not `floor` (if it is above, nothing was written), and job_id ->
        execution_id of the inserted runs. Raises Fenced, and UniqueViolationError if a tick has its row already.
        """
        rows: list[PlainRun] = await self._session.read(
            SQL.plan_plain_ticks, term, floor, [t.at for t in ticks], [t.read_xmin for t in ticks],
            [t.next_run_time for t in ticks], sparse([None if t.dispatch else True for t in ticks]),
            sparse([t.delayed_until for t in ticks]), sparse([t.open_since for t in ticks]),
        )  # fmt: skip
        if not rows:
            raise Fenced(f"term {term} has passed")
        made = {row.job_id: row.execution_id for row in rows if row.job_id is not None and row.execution_id is not None}
        return rows[0].floor, made

    async def insert_planned(
        self, ticks: Sequence[Tick], term: int | None, advances: Sequence[Advance] = ()
    ) -> list[PlannedRow]:
        """Insert the rows that are missing, and return them. The same statement moves the locked jobs of `advances` on.
        `term` None: the ticks are dropped by a change over the API, which has locked their job."""
        rows = [msgspec.structs.astuple(tick) for tick in ticks]
        moves = [msgspec.structs.astuple(advance) for advance in advances]
        return await self._session.read(SQL.insert_planned, *columns(rows, 14), term, *columns(moves, 5))

    async def lock_due_jobs(self, read: Sequence[ReadJob]) -> set[int]:
        """Lock jobs; returns the job_ids of those that are unchanged since they were read."""
        locked = await self._session.read(SQL.lock_due_jobs, [job.job_id for job in read])
        return _as_read(read, locked)

    async def hold_and_lock_due_jobs(self, read: Sequence[ReadJob], term: int) -> tuple[datetime, set[int]]:
        """Do as `lock_due_jobs` under the term, and return the floor of history too. Neither term nor floor changes
        until the transaction ends. Raises Fenced."""
        rows: list[HeldJob] = await self._session.read(SQL.hold_and_lock_due_jobs, [job.job_id for job in read], term)
        if not rows:
            raise Fenced(f"term {term} has passed")
        locked = [
            ReadJob(row.job_id, row.version, row.next_run_time, row.status, row.deleted_at)
            for row in rows
            if row.job_id is not None and row.version is not None and row.status is not None
        ]
        return rows[0].floor, _as_read(read, locked)

    async def select_open_runs(self, job_ids: Sequence[int]) -> dict[int, OpenRuns]:
        rows: list[OpenRunsOfJob] = await self._session.read(SQL.select_open_runs, list(job_ids))
        return {row.job_id: OpenRuns(row.open_since, row.waits) for row in rows}

    async def select_begun(self, job_ids: Sequence[int]) -> dict[int, datetime]:
        """job_id -> the moment from which one of its open runs has been there."""
        rows: list[BegunRuns] = await self._session.read(SQL.select_begun, list(job_ids))
        return {row.job_id: row.begun for row in rows if row.begun is not None}

    async def fail_unplannable(self, job_id: int, version: int) -> FailedJob | None:
        """Fail a job that cannot be planned; None if it has changed since `version`."""
        failed: FailedJob | None = await self._session.read_one(SQL.fail_unplannable, job_id, version)
        return failed


def _as_read(read: Sequence[ReadJob], locked: Sequence[ReadJob]) -> set[int]:
    wanted = set(read)
    return {row.job_id for row in locked if row in wanted}
