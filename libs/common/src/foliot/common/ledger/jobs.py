"""Jobs: definitions, what is due, and how a job ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from foliot.common.errors import Fenced
from foliot.common.ledger.postgres import Session, Statements, columns
from foliot.common.model.records import Job

SQL = Statements("foliot.common.ledger", "jobs.sql")


class Scope(msgspec.Struct, frozen=True):
    """Whose things a caller may see: everybody's, one team's, or a user's own that have no team."""

    everything: bool
    team_id: int | None
    user_id: int

    @property
    def owner(self) -> int | None:
        """As jobs are indexed by their owner: the team, or minus the user; None: everybody."""
        if self.everything:
            return None
        return -self.user_id if self.team_id is None else self.team_id


class OpenRuns(msgspec.Struct, frozen=True):
    """What a job has open: its oldest open run (None: nothing), and whether a run waits for an earlier one."""

    since: datetime | None = None
    waits: bool = False


class Advance(msgspec.Struct, frozen=True):
    """The one write of a batch of planned ticks to their job."""

    job_id: int
    next_run_time: datetime | None
    last_run_time: datetime | None
    open_since: datetime | None
    runs: int


def job_from(record: asyncpg.Record) -> Job:
    """The status derived by the query, if it did, in place of the stored one."""
    values = dict(record)
    derived = values.pop("derived_status", None)
    values.pop("sort_key", None)
    return Job(**(values | {"status": derived or values["status"]}))


def _as_read(read: Sequence[tuple[int, int, datetime]], rows: Sequence[tuple[Any, ...]]) -> set[int]:
    """job_ids of the rows (job_id, version, next_run_time, status, deleted_at) that are still as they were read."""
    wanted = {(*key, "PENDING", None) for key in read}
    return {row[0] for row in rows if row in wanted}


class Jobs:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def list_job_versions(self, job_id: int, first: datetime, last: datetime, limit: int) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.list_job_versions, job_id, first, last, limit)

    async def select_job(self, job_id: int, scope: Scope) -> Job | None:
        record = await self._session.fetchrow(SQL.select_job, job_id, scope.everything, scope.team_id, scope.user_id)
        return job_from(record) if record else None

    async def note_open_run(self, job_id: int, scheduled_time: datetime) -> None:
        await self._session.execute(SQL.note_open_run, job_id, scheduled_time)

    async def lock_jobs(self, job_ids: Sequence[int]) -> None:
        await self._session.fetch(SQL.lock_jobs, list(job_ids))

    async def note_replays(self, runs: Sequence[tuple[int, datetime]]) -> None:
        await self._session.execute(SQL.note_replays, *columns(runs, 2))

    async def select_pending_jobs(self, limit: int, ahead: timedelta) -> list[asyncpg.Record]:
        """Up to `limit` that have just become due or will within `ahead`, then up to a fifth of it, or as many as are
        left, of the overdue."""
        return await self._session.fetch(SQL.select_pending_jobs, limit, limit + limit // 5, ahead)

    async def select_zoned_jobs(self, after: int, limit: int) -> list[asyncpg.Record]:
        return await self._session.fetch(SQL.select_zoned_jobs, after, limit)

    async def move_jobs(self, moves: Sequence[tuple[int, datetime | None]]) -> int:
        """`moves`: (job_id, next_run_time) of locked jobs."""
        return await self._session.execute(SQL.move_jobs, *columns(moves, 2))

    async def select_next_run_time(self) -> tuple[datetime, datetime | None]:
        """(the database's clock, the earliest next_run_time)."""
        row = await self._session.fetchrow(SQL.select_next_run_time)
        assert row is not None
        return row["now"], row["next_run_time"]

    async def lock_due_jobs(self, read: Sequence[tuple[int, int, datetime]]) -> set[int]:
        """`read`: (job_id, version, next_run_time) as read; gives the job_ids that are still so, locked."""
        rows = await self._session.fetch(SQL.lock_due_jobs, [job_id for job_id, _, _ in read])
        return _as_read(read, [tuple(row) for row in rows])

    async def hold_and_lock_due_jobs(
        self, read: Sequence[tuple[int, int, datetime]], term: int
    ) -> tuple[datetime, set[int]]:
        """As `lock_due_jobs` under the term; gives the floor of history too, which stands as long. Raises Fenced."""
        rows = await self._session.fetch(SQL.hold_and_lock_due_jobs, [job_id for job_id, _, _ in read], term)
        if not rows:
            raise Fenced(f"term {term} has passed")
        return rows[0]["floor"], _as_read(read, [tuple(row)[1:] for row in rows])

    async def select_open_runs(self, job_ids: Sequence[int]) -> dict[int, OpenRuns]:
        rows = await self._session.fetch(SQL.select_open_runs, list(job_ids))
        return {row["job_id"]: OpenRuns(row["open_since"], row["waits"]) for row in rows}

    async def fail_unplannable(self, job_id: int, version: int) -> asyncpg.Record | None:
        return await self._session.fetchrow(SQL.fail_unplannable, job_id, version)

    async def lock_settling(self, job_ids: Sequence[int]) -> list[int]:
        rows = await self._session.fetch(SQL.lock_settling, list(job_ids))
        return [row["job_id"] for row in rows]

    async def settle_jobs(self, job_ids: Sequence[int]) -> list[tuple[int, str]]:
        """(job_id, outcome) of the locked jobs that have ended."""
        rows = await self._session.fetch(SQL.settle_jobs, list(job_ids))
        return [(row["job_id"], row["status"]) for row in rows]

    async def select_unsettled(self, after: int, limit: int) -> list[int]:
        rows = await self._session.fetch(SQL.select_unsettled, after, limit)
        return [row["job_id"] for row in rows]

    async def complete_replayed(self, job_ids: Sequence[int]) -> int:
        return len(await self._session.fetch(SQL.complete_replayed, list(job_ids)))
