"""Armed jobs as the scheduler reads them, without locks."""

from __future__ import annotations

from datetime import datetime

import msgspec


class DueJob(msgspec.Struct, frozen=True):
    """A due job. `at` (ctid) and `read_xmin` name the version of its row that was read. `open_since`: the
    scheduled_time of its oldest open run (None: none). `now`: the database's clock, in the first row of an answer."""

    job_id: int
    user_id: int
    team_id: int | None
    job_name: str
    schedule: str | None
    timezone: str
    schedule_since: datetime
    spread_key: str | None
    next_run_time: datetime
    overlap_policy: str
    misfire_policy: str
    misfire_grace_seconds: int
    misfire_limit: int
    dst_gap: str
    dst_overlap: str
    start_at: datetime | None
    end_at: datetime | None
    max_runs: int | None
    runs_planned: int
    jitter_seconds: int
    pool: str
    priority: int
    shadow: bool
    version: int
    request_id: str | None
    traceparent: str | None
    at: tuple[int, int]
    read_xmin: int
    open_since: datetime | None
    now: datetime | None = None

    @property
    def since(self) -> datetime:
        """The anchor of the schedule; a job without one (inserted by hand) runs once, at its next_run_time."""
        return self.schedule_since if self.schedule else self.next_run_time


class ZonedJob(msgspec.Struct, frozen=True):
    """An armed job whose next tick may depend on a time zone's rules."""

    job_id: int
    version: int
    team_id: int | None
    job_name: str
    schedule: str | None
    timezone: str
    schedule_since: datetime
    spread_key: str | None
    next_run_time: datetime
    dst_gap: str
    dst_overlap: str
    start_at: datetime | None
    end_at: datetime | None
    now: datetime

    @property
    def since(self) -> datetime:
        """The anchor of the schedule; a job without one (inserted by hand) runs once, at its next_run_time."""
        return self.schedule_since if self.schedule else self.next_run_time
