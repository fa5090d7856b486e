"""Ticks on their way into the ledger, and the planner's write to their job."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Tick(msgspec.Struct, kw_only=True):
    """One row for the ledger: a run, or a SKIPPED tick.

    `available_at` None: the run waits for an earlier one. The dispatcher sets `dispatch` if the window of the run's
    queue has room.
    """

    job_id: int
    user_id: int
    team_id: int | None
    status: str
    scheduled_time: datetime
    error_message: str | None = None
    pool: str
    priority: int
    available_at: datetime | None = None
    dispatch: bool = False
    skipped_count: int | None = None
    skipped_until: datetime | None = None
    request_id: str | None = None
    traceparent: str | None = None


class PlainTick(msgspec.Struct, kw_only=True):
    """A plain tick: the next_run_time of a job as a run that meets no other run, written by one statement.

    `at` (ctid) and `read_xmin` name the version of the job's row that was read. `delayed_until` (jitter) and
    `open_since` are None if they are the tick itself.
    """

    job_id: int
    at: tuple[int, int]
    read_xmin: int
    scheduled_time: datetime
    next_run_time: datetime | None
    pool: str
    priority: int
    delayed_until: datetime | None = None
    open_since: datetime | None = None
    dispatch: bool = False

    @property
    def available_at(self) -> datetime:
        return self.delayed_until or self.scheduled_time


class OpenRuns(msgspec.Struct, frozen=True):
    """The open runs of a job. `since`: the scheduled_time of the oldest (None: nothing is open). `waits`: one of them
    waits for an earlier run. `begun`: the moment from which one of them has been there, read after a gap alone."""

    since: datetime | None = None
    waits: bool = False
    begun: datetime | None = None


class Advance(msgspec.Struct, frozen=True):
    """The one write to a job after its ticks of a batch were planned."""

    job_id: int
    next_run_time: datetime | None
    last_run_time: datetime | None
    open_since: datetime | None
    runs: int
