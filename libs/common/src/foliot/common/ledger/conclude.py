"""Conclude: the consequences of the end of attempts, in the transaction in which they ended.

Record, rescue, cancel, the planner and poison rows all end attempts here: with the next attempt, or with the end of the
run, its dead letter, the release of the run that waits for it, and the end of the job.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from foliot.common.ledger.dead_letters import DeadLetters
from foliot.common.ledger.ending import Endings
from foliot.common.model.retry import Finished, retry_delay
from foliot.common.model.states import RETRIED, ExecutionStatus, Trigger
from foliot.common.process import metrics

WORKER_LOST = "worker lost"
"""The error_message of a rescued attempt."""


class EndsRuns(Protocol):
    """The part of a unit of work that the end of a run needs."""

    @property
    def endings(self) -> Endings: ...


class Concludes(EndsRuns, Protocol):
    """The part of a unit of work that the end of attempts needs."""

    @property
    def dead_letters(self) -> DeadLetters: ...


class Concluded(msgspec.Struct, frozen=True, kw_only=True):
    """The consequences of attempts that ended.

    `completed`: number of runs that succeeded. `retries`: execution_id of the failed attempt -> available_at of the
    next. `retried`: those failed attempts. `given_up`: the last attempts of runs that became dead letters.
    """

    completed: int = 0
    retries: dict[int, datetime] = {}
    retried: list[Finished] = []
    given_up: list[Finished] = []


async def conclude(
    unit: Concludes, finished: Sequence[Finished], now: datetime, settling: Collection[int]
) -> Concluded:
    """Write the next attempts, or the end of the runs with their dead letters. Call it in the transaction in which the
    attempts of `finished` ended. `settling`: what `lock_settling` gave for their jobs before they ended, because a
    job's row is locked before its executions."""
    retries = await _retry(unit, finished, now)
    ended = [item for item in finished if item.execution_id not in retries]
    given_up = [item for item in ended if item.status in RETRIED]
    if given_up:
        letters = [(item.execution_id, item.scheduled_time, item.error_message) for item in given_up]
        await unit.dead_letters.insert_dead_letters(letters)
    if ended:
        outcomes = {item.job_id: item.status.value for item in ended}
        replayed = {i.job_id for i in ended if i.trigger is Trigger.REPLAY and i.status is ExecutionStatus.COMPLETED}
        await _end(unit, sorted(outcomes), settling, outcomes, replayed)
    retried = [item for item in finished if item.execution_id in retries]
    completed = sum(item.status is ExecutionStatus.COMPLETED for item in ended)
    return Concluded(completed=completed, retries=retries, retried=retried, given_up=given_up)


async def _retry(unit: EndsRuns, finished: Sequence[Finished], now: datetime) -> dict[int, datetime]:
    """execution_id of the failed attempt -> available_at of the next."""
    failed = []
    for item in finished:
        delay = retry_delay(item, now, random.uniform(-1, 1))  # noqa: S311
        if delay is not None:
            failed.append((item.execution_id, item.scheduled_time, delay))
    if not failed:
        return {}
    made = {(r.job_id, r.scheduled_time, r.attempt_number): r for r in await unit.endings.insert_retries(failed)}
    return {
        item.execution_id: made[key].available_at
        for item in finished
        if (key := (item.job_id, item.scheduled_time, item.attempt_number + 1)) in made
    }


async def end_runs(unit: EndsRuns, job_ids: Sequence[int], outcomes: Mapping[int, str] = {}) -> None:
    """A run of each of these jobs has ended: release the run that waits, or write the job's end if none follows. For a
    transaction that has locked these jobs, or no execution yet. `outcomes`: job_id -> status of the run that ended in
    this transaction."""
    await _end(unit, job_ids, await unit.endings.lock_settling(job_ids), outcomes)


async def _end(
    unit: EndsRuns, job_ids: Sequence[int], settling: Collection[int], outcomes: Mapping[int, str],
    replayed: Collection[int] = (),
) -> None:  # fmt: skip
    """The job's row was locked first and the open executions are read in a later statement, so that exactly one of two
    last runs writes the end. `replayed`: the jobs whose replay succeeded."""
    await unit.endings.release_waiting(job_ids)
    ending = sorted(set(settling).intersection(job_ids))
    settled = await unit.endings.settle_jobs(ending) if ending else []
    if completing := sorted(set(settling).intersection(replayed)):
        await unit.endings.complete_replayed(completing)
    told = {job.job_id for job in settled if job.tells}
    completed = ExecutionStatus.COMPLETED
    noted = {job_id: status for job_id, status in outcomes.items() if job_id not in told or status != completed}
    await unit.endings.note_outcomes(noted)


def count_ended(concluded: Concluded) -> None:
    """Update the counters, after the commit: one per retry, and one per run whose last attempt has ended, unless it was
    cancelled."""
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
