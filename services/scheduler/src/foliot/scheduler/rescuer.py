"""Rescue: attempts whose worker is lost are ended, and retried by their policy."""

from __future__ import annotations

import structlog

from foliot.common.ledger.again import again
from foliot.common.ledger.conclude import WORKER_LOST, conclude, count_ended
from foliot.common.ledger.ending import RescuedRow
from foliot.common.model.retry import Finished, policy_from
from foliot.common.model.states import ExecutionStatus, Trigger
from foliot.common.model.tracing import trace_id
from foliot.scheduler import events, metrics
from foliot.scheduler.unit import UnitsOfWork

ATTEMPTS_PER_BATCH = 500
"""Most attempts that one transaction ends."""
STRAYS_EACH = 15
"""Steps from one look for stray claims to the next. It reads all open executions, and strays are rare: workers that
stopped while PostgreSQL was away leave them."""
_log = structlog.get_logger()


class Rescuer:
    """The rescuer of one term. It looks for claim tokens without a heartbeat first, which are few, and only then for
    their executions."""

    INTERVAL = 2.0
    """Seconds between two looks. A lease lasts 30 s by default, so this adds little to a rescue."""

    def __init__(self, database: UnitsOfWork, term: int, *, lease: float) -> None:
        """`lease`: seconds of silence after which a worker counts as lost."""
        self._database = database
        self._term = term
        self._lease = lease
        self._steps = 0

    async def step(self) -> None:
        """End all attempts of lost workers. Raises Fenced if the term has passed, Unavailable if PostgreSQL is away."""
        async with self._database.session() as unit:
            dead = await unit.workers.select_dead_claims(self._lease)
            if self._steps % STRAYS_EACH == 0:
                dead += await unit.workers.select_stray_claims()
        self._steps += 1
        if not dead:
            return
        while await self._rescue(dead) == ATTEMPTS_PER_BATCH:
            pass
        await self._forget(dead)

    @again
    async def _forget(self, claims: list[int]) -> None:
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            await unit.workers.forget_dead_claims(claims, self._lease)

    @again
    async def _rescue(self, claims: list[int]) -> int:
        """End one batch: its jobs are locked before its executions. Gives how many were ended."""
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            lost = await unit.endings.select_lost(claims, ATTEMPTS_PER_BATCH)
            if not lost:
                return 0
            settling = await unit.endings.lock_settling(sorted({row.job_id for row in lost}))
            rescued = await unit.endings.rescue_lost(lost, claims)
            if not rescued:
                return 0
            now = await unit.server.select_now()
            concluded = await conclude(unit, [_finished(row) for row in rescued], now, settling)
        metrics.RESCUED.inc(len(rescued))
        count_ended(concluded)
        for row in rescued:
            _log.warning(
                events.ATTEMPT_RESCUED,
                job_id=row.job_id,
                execution_id=row.execution_id,
                attempt_number=row.attempt_number,
                worker_id=row.worker_id,
                retry_at=concluded.retries.get(row.execution_id),
                request_id=row.request_id,
                trace_id=trace_id(row.traceparent),
            )
        return len(rescued)


def _finished(row: RescuedRow) -> Finished:
    return Finished(
        execution_id=row.execution_id,
        job_id=row.job_id,
        scheduled_time=row.scheduled_time,
        attempt_number=row.attempt_number,
        status=ExecutionStatus(row.status),
        trigger=Trigger(row.trigger),
        retry_policy=policy_from(row.retry_policy),
        error_message=WORKER_LOST,
    )
