"""The ledger as workers see it: executions, claim tokens and their statements, each an instant of the model's clock.

The conditions are those of claim.sql, workers.sql and ending.sql, word for word; layer A runs the SQL itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from foliot.common.ledger.claim import ClaimedRow, EarlierRow, RecordedRow
from foliot.common.ledger.ending import LostRow, RescuedRow, RetryRow
from foliot.common.model.execution import Handle, Outcome
from foliot.common.model.states import ExecutionStatus
from simulate.virtual.clock import START, VirtualClock

OPEN = (ExecutionStatus.QUEUED, ExecutionStatus.RUNNING)
RETRIES = {"max_retries": 2, "backoff_factor": 1}
DEAD_FOR = 12.0
"""Seconds for which a dead token stays beyond its lease: a fifth of the product's minute, as the lease is of its own."""


@dataclass
class Row:
    """One attempt. `dispatch` counts how often it was dispatched; `began` is when its work may begin."""

    execution_id: int
    job_id: int
    attempt: int
    available_at: float
    status: str = ExecutionStatus.QUEUED
    dispatched: bool = False
    dispatch: int = 0
    claim: int | None = None
    worker_id: str | None = None
    lease_until: float = 0.0
    cancel_requested: bool = False
    ended_by: str = ""

    def copy(self) -> Row:
        made = Row.__new__(Row)
        made.__dict__.update(self.__dict__)
        return made


@dataclass
class Ledger:
    """The tables. `beats`: the last heartbeat by claim token. `noted`: last_status by job. `cancelled`: jobs that are."""

    clock: VirtualClock
    timeout_seconds: int
    rows: dict[int, Row] = field(default_factory=dict)
    beats: dict[int, float] = field(default_factory=dict)
    noted: dict[int, str] = field(default_factory=dict)
    cancelled: set[int] = field(default_factory=set)

    def save(self) -> Any:
        return (
            {key: row.copy() for key, row in self.rows.items()},
            dict(self.beats),
            dict(self.noted),
            set(self.cancelled),
        )

    def restore(self, saved: Any) -> None:
        self.rows, self.beats, self.noted, self.cancelled = saved

    def insert(self, job_id: int, attempt: int, available_at: float) -> Row:
        row = Row(len(self.rows) + 1, job_id, attempt, available_at)
        self.rows[row.execution_id] = row
        return row

    def cancel_first(self) -> None:
        """Somebody cancels job 1: its attempt that runs must end, one that waits never starts, and none follows."""
        self.cancelled.add(1)
        for row in self.rows.values():
            if row.job_id == 1 and row.status in OPEN:
                row.cancel_requested = True
                if row.status == ExecutionStatus.QUEUED:
                    row.status = self.noted[1] = ExecutionStatus.CANCELLED

    def beat_worker(self, claim: int) -> None:
        self.beats[claim] = self.clock.elapsed()

    def forget_worker(self, claim: int) -> None:
        self.beats.pop(claim, None)

    def claim_executions(
        self, handles: Sequence[Handle], worker_id: str, claim: int, lease: float, again: bool
    ) -> list[ClaimedRow]:
        """Nothing for a token without a living heartbeat; CANCELLED if the job is."""
        claimed: list[ClaimedRow] = []
        if not self.is_alive(claim, lease):
            return claimed
        for execution_id in dict.fromkeys(handle.execution_id for handle in handles):
            row = self.rows[execution_id]
            own = again and row.status == ExecutionStatus.RUNNING and row.claim == claim
            if row.status != ExecutionStatus.QUEUED and not own:
                continue
            void = row.job_id in self.cancelled
            row.status = ExecutionStatus.CANCELLED if void else ExecutionStatus.RUNNING
            row.claim, row.worker_id, row.ended_by = claim, worker_id, "claim" if void else ""
            row.lease_until = self.clock.elapsed() + lease
            claimed.append(self._claimed_row(row))
        return claimed

    def is_alive(self, claim: int, lease: float) -> bool:
        return self.beats.get(claim, float("-inf")) >= self.clock.elapsed() - lease

    def _claimed_row(self, row: Row) -> ClaimedRow:
        return ClaimedRow(
            row.execution_id, START, row.job_id, row.attempt, "schedule", row.status, None, None, None,
            self.clock.elapsed(), max(0.0, row.available_at - self.clock.elapsed()), "noop", {}, dict(RETRIES),
            self.timeout_seconds, 1, None, row.job_id % 2 == 0,
        )  # fmt: skip

    def renew_leases(self, handles: Sequence[Handle], claim: int, lease: float) -> dict[int, bool]:
        renewed = {}
        for handle in handles:
            row = self.rows[handle.execution_id]
            if row.status == ExecutionStatus.RUNNING and row.claim == claim:
                row.lease_until = self.clock.elapsed() + lease
                renewed[row.execution_id] = row.cancel_requested
        return renewed

    def record_executions(self, outcomes: Sequence[Outcome], claim: int, plain: bool) -> list[RecordedRow]:
        recorded = []
        for outcome in outcomes:
            row = self.rows[outcome.execution_id]
            if self.may_record(row, claim):
                row.status, row.ended_by = outcome.status, "record"
                recorded.append(RecordedRow(row.execution_id, 1, False))
                if plain:
                    self.noted[row.job_id] = ExecutionStatus.COMPLETED
        return recorded

    def may_record(self, row: Row, claim: int) -> bool:
        return row.status == ExecutionStatus.RUNNING and row.claim == claim

    def select_recorded(self, handles: Sequence[Handle], claims: Collection[int]) -> list[EarlierRow]:
        rows = [self.rows[handle.execution_id] for handle in handles]
        return [
            EarlierRow(row.execution_id, 1, self._retry_at(row))
            for row in rows
            if row.claim in claims and row.status not in OPEN and row.ended_by != "rescue"
        ]

    def _retry_at(self, row: Row) -> datetime | None:
        follow = (n for n in self.rows.values() if (n.job_id, n.attempt) == (row.job_id, row.attempt + 1))
        return next((START + timedelta(seconds=n.available_at) for n in follow), None)

    def hand_back(self, handles: Sequence[Handle]) -> int:
        rows = [self.rows[handle.execution_id] for handle in handles]
        for row in rows:
            if row.status == ExecutionStatus.QUEUED:
                row.dispatched = False
        return len(rows)

    def release_claimed(self, handles: Sequence[Handle], claim: int) -> int:
        rows = [self.rows[handle.execution_id] for handle in handles]
        for row in rows:
            if self.may_record(row, claim):
                row.status, row.dispatched, row.claim, row.worker_id = ExecutionStatus.QUEUED, False, None, None
        return len(rows)

    def select_dead_claims(self, lease: float) -> list[int]:
        now = self.clock.elapsed()
        return [claim for claim, beat in self.beats.items() if beat < now - lease]

    def select_stray_claims(self) -> list[int]:
        now, beats = self.clock.elapsed(), self.beats
        rows = [row for row in self.rows.values() if row.status == ExecutionStatus.RUNNING and row.lease_until < now]
        return sorted({row.claim for row in rows if row.claim is not None and row.claim not in beats})

    def forget_dead_claims(self, claims: Sequence[int], lease: float) -> int:
        held = {row.claim for row in self.rows.values() if row.status == ExecutionStatus.RUNNING}
        for claim in claims:
            if claim not in held and not self.is_alive(claim, lease + DEAD_FOR):
                self.beats.pop(claim, None)
        return len(claims)

    def select_lost(self, claims: Sequence[int], limit: int) -> list[LostRow]:
        lost = [row for row in self.rows.values() if self.is_lost(row, claims)]
        return [LostRow(row.execution_id, START, row.job_id) for row in lost[:limit]]

    def is_lost(self, row: Row, claims: Sequence[int]) -> bool:
        return row.status == ExecutionStatus.RUNNING and row.claim in claims and row.lease_until < self.clock.elapsed()

    def rescue_lost(self, lost: Sequence[LostRow], claims: Sequence[int]) -> list[RescuedRow]:
        rescued = [row for one in lost if self.is_lost(row := self.rows[one.execution_id], claims)]
        for row in rescued:
            row.status = ExecutionStatus.CANCELLED if row.cancel_requested else ExecutionStatus.FAILED
            row.ended_by = "rescue"
        return [
            RescuedRow(
                row.execution_id, row.job_id, START, row.attempt, row.status, "schedule", row.worker_id, None, None,
                dict(RETRIES),
            )
            for row in rescued
        ]  # fmt: skip

    def insert_retries(self, failed: Sequence[tuple[int, datetime, timedelta]]) -> list[RetryRow]:
        """None for a cancelled job."""
        made = []
        for execution_id, scheduled_time, delay in failed:
            row = self.rows[execution_id]
            if row.job_id not in self.cancelled:
                self.insert(row.job_id, row.attempt + 1, self.clock.elapsed() + delay.total_seconds())
                made.append(RetryRow(row.job_id, scheduled_time, row.attempt + 1, self.clock.now() + delay))
        return made

    def note_outcomes(self, outcomes: Mapping[int, str]) -> None:
        self.noted.update(outcomes)
