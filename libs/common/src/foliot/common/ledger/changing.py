"""A change of a locked job: its row, version and audit row are written, and its end if no tick and no run follow."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from foliot.common.clock import rfc3339
from foliot.common.ledger.audit_logs import AuditEntry
from foliot.common.ledger.conclude import EndsRuns, end_runs
from foliot.common.ledger.definitions import Change, Definitions
from foliot.common.ledger.job import Job
from foliot.common.model.states import JobStatus


class ChangesJobs(EndsRuns, Protocol):
    """The part of a unit of work that a change needs."""

    @property
    def definitions(self) -> Definitions: ...


async def store_change(unit: ChangesJobs, old: Job, new: Job, now: datetime, entry: AuditEntry) -> None:
    # The timeline derives the expected ticks from versions, for which it needs the anchor and the former status.
    version = new.definition() | {"schedule_since": rfc3339(new.schedule_since), "previous_status": old.status}
    await unit.definitions.store_changed([Change(new, version, entry)], now)
    if new.next_run_time is None and new.status in (JobStatus.PENDING, JobStatus.PAUSED) and new.deleted_at is None:
        await end_runs(unit, [new.job_id])


def audited(job: Job) -> dict[str, Any]:
    """The job in an audit row."""
    return job.definition() | {"status": job.status} | ({"set": job.set} if job.set else {})
