"""The claim, heartbeat and record steps: a worker's writes to its attempts, fenced by its claim token."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import asyncpg
import msgspec

from foliot.common.ledger.postgres import Session, sparse
from foliot.common.ledger.statements import Statement, Statements, of_month
from foliot.common.model.execution import Handle, Outcome
from foliot.common.model.states import ExecutionStatus


class ClaimedRow(msgspec.Struct, frozen=True):
    """A claimed attempt, with the current definition of its job.

    `status`: RUNNING, or CANCELLED if its job is. `lateness`: seconds from scheduled_time to start_time. `begins_in`:
    seconds from the claim to start_time, positive if the run was dispatched ahead of its time. `settles`: its end may
    be the end of its job, or may release a run that waits.
    """

    execution_id: int
    scheduled_time: datetime
    job_id: int
    attempt_number: int
    trigger: str
    status: str
    request_id: str | None
    traceparent: str | None
    override: dict[str, Any] | None
    lateness: float
    begins_in: float
    job_type: str
    payload: Any
    retry_policy: dict[str, Any]
    timeout_seconds: int
    user_id: int
    team_id: int | None
    settles: bool


class UnclaimableRow(msgspec.Struct, frozen=True):
    """An attempt that ended as FAILED because it cannot be claimed."""

    execution_id: int
    job_id: int
    scheduled_time: datetime
    attempt_number: int
    trigger: str


class RecordedRow(msgspec.Struct, frozen=True):
    """An attempt that still belonged to the claimant. `waits`: a run of its job waits for it, in the same month."""

    execution_id: int
    duration_ms: int | None
    waits: bool


class EarlierRow(msgspec.Struct, frozen=True):
    """An attempt that its claimant ended in an earlier write. `retry_at`: available_at of the next attempt."""

    execution_id: int
    duration_ms: int | None
    retry_at: datetime | None


class RenewedRow(msgspec.Struct, frozen=True):
    """An attempt that still belongs to the claimant. `cancel_requested`: its cancel was requested."""

    execution_id: int
    cancel_requested: bool


SQL = Statements(
    "foliot.common.ledger", "claim.sql",
    rows={
        "claim_executions": ClaimedRow, "fail_unclaimable": UnclaimableRow, "record_executions": RecordedRow,
        "renew_leases": RenewedRow, "select_recorded": EarlierRow,
    },
)  # fmt: skip


class Claims:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def claim_executions(
        self, handles: Sequence[Handle], worker_id: str, claim: int, lease: float, again: bool
    ) -> list[ClaimedRow]:
        """The attempts that this worker has claimed now. `lease`: seconds. `again`: the outcome of an earlier try under
        this token is unknown."""
        ids, times = _keys(handles)
        return await self._read_month(SQL.claim_executions, times, ids, times, worker_id, claim, lease, again)

    async def fail_unclaimable(self, handle: Handle, error_message: str) -> UnclaimableRow | None:
        """End an attempt that cannot be claimed; None if it is not QUEUED any more."""
        failed: UnclaimableRow | None = await self._session.read_one(
            SQL.fail_unclaimable, handle.execution_id, handle.scheduled_time, error_message
        )
        return failed

    async def renew_leases(self, handles: Sequence[Handle], claim: int, lease: float) -> dict[int, bool]:
        """execution_id -> True if its cancel was requested, of the attempts that still belong to the claimant."""
        rows: list[RenewedRow] = await self._session.read(SQL.renew_leases, *_keys(handles), claim, lease)
        return {row.execution_id: row.cancel_requested for row in rows}

    async def record_executions(
        self, outcomes: Sequence[Outcome], ended_ago: Sequence[float], claim: int, *, plain: bool
    ) -> list[RecordedRow]:
        """The attempts that still belonged to the claimant; the others are fenced. `ended_ago`: seconds since each end.
        `plain`: successes that end their runs, and nothing else follows."""
        times = [o.scheduled_time for o in outcomes]
        return await self._read_month(
            SQL.record_executions, times, [o.execution_id for o in outcomes], times,
            sparse([None if o.status == ExecutionStatus.COMPLETED else o.status for o in outcomes]),
            sparse([o.exit_code for o in outcomes]), sparse([o.http_status for o in outcomes]),
            sparse([o.error_message for o in outcomes]), sparse([o.logs for o in outcomes]), claim, ended_ago, plain,
        )  # fmt: skip

    async def select_recorded(self, handles: Sequence[Handle], claims: Collection[int]) -> list[EarlierRow]:
        """Those of the attempts that the claim tokens have ended themselves."""
        return await self._session.read(SQL.select_recorded, *_keys(handles), list(claims))

    async def hand_back(self, handles: Sequence[Handle]) -> int:
        return await self._session.execute(SQL.hand_back, *_keys(handles))

    async def release_claimed(self, handles: Sequence[Handle], claim: int) -> int:
        return await self._session.execute(SQL.release_claimed, *_keys(handles), claim)

    async def _read_month(self, statement: Statement, times: Sequence[datetime], *args: Any) -> list[Any]:
        """Read from one month if all times lie in it. A month that was dropped held no open attempt: no row."""
        try:
            return await self._session.read(of_month(statement, min(times), max(times)), *args)
        except asyncpg.UndefinedTableError:
            return []


def _keys(handles: Sequence[Handle]) -> tuple[list[int], list[datetime]]:
    """The keys as two arrays, in the order in which executions are locked."""
    handles = sorted(handles, key=attrgetter("execution_id"))
    return [handle.execution_id for handle in handles], [handle.scheduled_time for handle in handles]
