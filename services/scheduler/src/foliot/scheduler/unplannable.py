"""Unplannable jobs: a job that cannot be planned becomes FAILED, so that it never stops the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from foliot.common.clock import rfc3339
from foliot.common.ledger.again import again
from foliot.common.ledger.audit_logs import FOLIOT, AuditEntry
from foliot.common.model.due import DueJob
from foliot.common.schedules.errors import ScheduleError
from foliot.scheduler import events, metrics
from foliot.scheduler.decisions import Judged
from foliot.scheduler.partitions import MONTHS_AHEAD
from foliot.scheduler.unit import UnitsOfWork

LONGEST_GAP = timedelta(days=366 * 5)
"""Longest time for which a job may be overdue. No outage lasts longer, and it bounds the months that are made."""
LONGEST_REASON = 1_000
"""Characters of the error that the audit log keeps."""
_log = structlog.get_logger()


class Unplannable:
    """Gives up the jobs whose ticks can be neither computed nor written, under one term."""

    def __init__(self, database: UnitsOfWork, term: int) -> None:
        self._database = database
        self._term = term

    async def give_up(self, job: DueJob, error: Exception) -> None:
        """Set the job to FAILED, with an entry in the audit log, unless it has changed since it was read.

        Raises Fenced if the term has passed.
        """
        if not await self._fail(job, str(error)[:LONGEST_REASON]):
            return
        metrics.POISON.inc()
        _log.error(events.JOB_UNPLANNABLE, job_id=job.job_id, error=error)

    @again
    async def _fail(self, job: DueJob, reason: str) -> bool:
        """False if the job has changed since it was read."""
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            failed = await unit.plan.fail_unplannable(job.job_id, job.version)
            if failed is None:
                return False
            await unit.audit_logs.insert_audit(
                AuditEntry(
                    user_id=FOLIOT,
                    team_id=failed.team_id,
                    action="FAIL_JOB",
                    resource_type="JOB",
                    resource_id=job.job_id,
                    new_value={"status": "FAILED", "reason": reason},
                )
            )
        return True

    async def make_months(self, judged: Sequence[Judged], now: datetime) -> int:
        """Make the months of late ticks, which nobody needed before; the jobs stay due and are planned next time.

        Jobs that are due for LONGEST_GAP or more are given up. Gives how many these were.
        """
        beyond = [one.job for one in judged if now - one.job.next_run_time >= LONGEST_GAP]
        for job in beyond:
            due = rfc3339(job.next_run_time)
            await self.give_up(job, ScheduleError(f"due since {due}, longer than {LONGEST_GAP.days} days"))
        within = [one.job.next_run_time for one in judged if now - one.job.next_run_time < LONGEST_GAP]
        if within:
            await self._ensure_months(min(within), now)
        return len(beyond)

    @again
    async def _ensure_months(self, first: datetime, now: datetime) -> None:
        async with self._database.transaction() as unit:
            await unit.months.ensure_partitions("executions", first, now + MONTHS_AHEAD)
