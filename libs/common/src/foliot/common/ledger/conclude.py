"""The end of an attempt and of a run: one way for record, rescue, cancel, planner and poison."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from foliot.common.ledger.unit import Unit
from foliot.common.model.records import Finished
from foliot.common.model.states import RETRIED, ExecutionStatus, Trigger
from foliot.common.process import metrics

WORKER_LOST = "worker lost"


class Concluded(msgspec.Struct, frozen=True, kw_only=True):
    """What followed from attempts that ended: retries made, runs given up, jobs that ended (job_id, status).

    `retries`: execution_id of the failed attempt -> when the next is available. `completed`: runs that ended so.
    """

    completed: int = 0
    retries: dict[int, datetime] = {}
    given_up: list[Finished] = []
    settled: list[tuple[int, str]] = []
    retried: list[Finished] = []


def retry_delay(finished: Finished, ended_at: datetime, u: float) -> timedelta | None:
    """Delay before the next attempt, None if the policy gives none. `u` uniform in -1..1."""
    policy = finished.retry_policy
    if finished.status not in RETRIED or finished.final or finished.trigger is Trigger.REPLAY:
        return None
    if finished.attempt_number > policy.max_retries:
        return None
    delay = policy.delay_after(finished.attempt_number, u, finished.retry_after)
    if policy.max_age is not None and ended_at + delay > finished.scheduled_time + timedelta(seconds=policy.max_age):
        return None
    return delay


async def conclude(unit: Unit, finished: Sequence[Finished], now: datetime) -> Concluded:
    """In the transaction in which `finished` ended: next attempts, or the end of the runs with their dead letters."""
    retries = await _retry(unit, finished, now)
    ended = [item for item in finished if item.execution_id not in retries]
    given_up = [item for item in ended if item.status in RETRIED]
    if given_up:
        letters = [(item.execution_id, item.scheduled_time, item.error_message) for item in given_up]
        await unit.dead_letters.insert_dead_letters(letters)
    settled = await end_runs(unit, sorted({item.job_id for item in ended})) if ended else []
    replayed = [i.job_id for i in ended if i.trigger is Trigger.REPLAY and i.status is ExecutionStatus.COMPLETED]
    if replayed:
        await unit.jobs.complete_replayed(replayed)
    retried = [item for item in finished if item.execution_id in retries]
    completed = sum(item.status is ExecutionStatus.COMPLETED for item in ended)
    return Concluded(completed=completed, retries=retries, given_up=given_up, settled=settled, retried=retried)


async def _retry(unit: Unit, finished: Sequence[Finished], now: datetime) -> dict[int, datetime]:
    """execution_id of the failed attempt -> when the next is available."""
    failed = []
    for item in finished:
        delay = retry_delay(item, now, random.uniform(-1, 1))  # noqa: S311
        if delay is not None:
            failed.append((item.execution_id, item.scheduled_time, delay))
    if not failed:
        return {}
    made = {
        (r["job_id"], r["scheduled_time"], r["attempt_number"]): r for r in await unit.executions.insert_retries(failed)
    }
    return {
        item.execution_id: made[key]["available_at"]
        for item in finished
        if (key := (item.job_id, item.scheduled_time, item.attempt_number + 1)) in made
    }


async def end_runs(unit: Unit, job_ids: Sequence[int]) -> list[tuple[int, str]]:
    """A run of each of these jobs has ended: release the run that waits, or write the job's end if none follows.

    The job's row is locked first and the open executions are looked at in a later statement, so that of two last runs
    exactly one writes the end. Gives (job_id, status) of the jobs that ended.
    """
    settling = await unit.jobs.lock_settling(job_ids)
    await unit.executions.release_waiting(job_ids)
    return await unit.jobs.settle_jobs(settling) if settling else []


def count_ended(concluded: Concluded) -> None:
    """After the commit: one count a run when its last attempt has ended; CANCELLED counts as neither; one a retry."""
    if concluded.completed:
        metrics.JOBS_PROCESSED.labels("success").inc(concluded.completed)
    if concluded.retried:
        metrics.count(metrics.RETRIES, [_reason(item) for item in concluded.retried])
    if concluded.given_up:
        metrics.JOBS_PROCESSED.labels("failed").inc(len(concluded.given_up))
        metrics.count(metrics.DEAD_LETTERS, [_reason(item) for item in concluded.given_up])


def _reason(item: Finished) -> str:
    if item.status is ExecutionStatus.TIMEOUT:
        return "timeout"
    return "worker_lost" if item.error_message == WORKER_LOST else "failed"
