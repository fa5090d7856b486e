"""The unit of work of a step on many jobs: read and locked at once, written at once, decided one by one.

The steps (steps.py, run_now.py) are written for one job. Here they find its row already locked, and their writes are
gathered: a statement for all jobs takes the place of one for each. So a step's rules stand in one place, and many jobs
are locked in the order of their keys, before any execution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

import msgspec

from foliot.api.queries.bounds import FIRST_TIME
from foliot.api.queries.jobs import Jobs, SeenJob
from foliot.api.queries.unit import Unit
from foliot.common.ledger.audit_logs import AuditEntry, AuditLogs
from foliot.common.ledger.conclude import end_runs
from foliot.common.ledger.definitions import Change, Definitions, Locked
from foliot.common.ledger.ending import Endings
from foliot.common.ledger.job import Job
from foliot.common.ledger.runs import Runs
from foliot.common.model.policies import OverlapPolicy
from foliot.common.model.scope import Scope
from foliot.common.model.states import JobStatus


class Gathered(msgspec.Struct):
    """The writes that the steps asked for."""

    changes: list[Change] = []
    audits: list[AuditEntry] = []
    cancels: list[int] = []
    ends: list[int] = []
    outcomes: dict[int, str] = {}
    runs: list[tuple[int, datetime]] = []


class ManyJobs(Unit):
    """Looks like the unit of one job to each step. Made by `lock_many`; `write` ends it."""

    def __init__(self, unit: Unit, jobs: Mapping[int, Job], now: datetime) -> None:
        super().__init__(unit.session)
        self.real = unit
        self.locked_jobs = jobs
        self.now = now
        self.last_statuses: Mapping[int, str | None] = {}
        self.open: set[int] = set()
        self.cancels_at_once = False
        self.gathered = Gathered()

    @cached_property
    def definitions(self) -> Definitions:
        return _Definitions(self)

    @cached_property
    def endings(self) -> Endings:
        return _Endings(self)

    @cached_property
    def jobs(self) -> Jobs:
        return _Jobs(self)

    @cached_property
    def runs(self) -> Runs:
        return _Runs(self)

    @cached_property
    def audit_logs(self) -> AuditLogs:
        return _AuditLogs(self)

    async def look_at_runs(self) -> None:
        """For runs beside the schedule: which jobs have an unfinished run. Those that a new run may cancel are locked,
        in the order of their ids."""
        found = await self.real.plan.select_open_runs(sorted(self.locked_jobs))
        self.open = {job_id for job_id, open_runs in found.items() if open_runs.since is not None}
        self.cancels_at_once = True
        policy = OverlapPolicy.CANCEL_RUNNING
        if cancelling := [job_id for job_id in sorted(self.open) if self.locked_jobs[job_id].overlap_policy == policy]:
            await self.real.endings.lock_open(cancelling)

    async def write(self) -> None:
        """In the order of locks: executions, what the jobs become, the ends of runs, outcomes last."""
        found, unit = self.gathered, self.real
        if found.cancels:
            found.outcomes |= await unit.endings.cancel_open(sorted(found.cancels))
        if found.changes:
            await unit.definitions.store_changed(found.changes, self.now)
        if found.runs:
            await unit.runs.note_open_runs(found.runs)
        if found.audits:
            await unit.audit_logs.insert_audits(found.audits)
        if found.ends:
            await end_runs(unit, sorted(set(found.ends)), found.outcomes)
        else:
            await unit.endings.note_outcomes(found.outcomes)


async def lock_many(unit: Unit, job_ids: Sequence[int], scope: Scope) -> ManyJobs:
    """Lock those that the caller may see, in the order of their keys; what they have open is read afterwards."""
    locked = await unit.definitions.lock_visible(job_ids, scope)
    now = max((at for _, at in locked), default=FIRST_TIME)
    many = ManyJobs(unit, {job.job_id: job for job, _ in locked}, now)
    if completed := [job.job_id for job, _ in locked if job.status == JobStatus.COMPLETED]:
        many.last_statuses = await unit.jobs.select_last_statuses(completed)
    return many


class _Definitions(Definitions):
    def __init__(self, many: ManyJobs) -> None:
        super().__init__(many.session)
        self._many = many

    async def lock_visible(self, job_ids: Sequence[int], _scope: Scope) -> list[Locked]:
        jobs = self._many.locked_jobs
        return [(jobs[job_id], self._many.now) for job_id in job_ids if job_id in jobs]

    async def store_changed(self, changes: Sequence[Change], _now: datetime) -> None:
        self._many.gathered.changes += changes


class _Endings(Endings):
    """`lock_settling` locks nothing and names no job, so that nothing ends before `write`."""

    def __init__(self, many: ManyJobs) -> None:
        super().__init__(many.session)
        self._many = many

    async def cancel_open(self, job_ids: Sequence[int]) -> dict[int, str]:
        if self._many.cancels_at_once:  # a new run follows, which is not to be cancelled
            return await super().cancel_open(job_ids)
        self._many.gathered.cancels += job_ids
        return {}

    async def lock_settling(self, job_ids: Sequence[int]) -> list[int]:
        self._many.gathered.ends += job_ids
        return []

    async def release_waiting(self, job_ids: Sequence[int]) -> None:
        pass

    async def note_outcomes(self, outcomes: Mapping[int, str]) -> None:
        self._many.gathered.outcomes |= outcomes


class _Jobs(Jobs):
    def __init__(self, many: ManyJobs) -> None:
        super().__init__(many.session)
        self._many = many

    async def select_job(self, job_id: int, _scope: Scope) -> SeenJob | None:
        """As it was locked: nobody is answered with it."""
        job = self._many.locked_jobs.get(job_id)
        last_status = self._many.last_statuses.get(job_id)
        return None if job is None else SeenJob(**msgspec.structs.asdict(job), paused=None, last_status=last_status)


class _Runs(Runs):
    def __init__(self, many: ManyJobs) -> None:
        super().__init__(many.session)
        self._many = many

    async def is_open(self, job_id: int) -> bool:
        return job_id in self._many.open

    async def note_open_runs(self, runs: Sequence[tuple[int, datetime]]) -> None:
        self._many.gathered.runs += runs


class _AuditLogs(AuditLogs):
    def __init__(self, many: ManyJobs) -> None:
        super().__init__(many.session)
        self._many = many

    async def insert_audit(self, entry: AuditEntry) -> None:
        self._many.gathered.audits.append(entry)
