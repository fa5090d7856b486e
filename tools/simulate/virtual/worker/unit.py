"""The unit of work of workers and of the rescuer, over the model's ledger. Each method is one statement."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from foliot.common.ledger.claim import ClaimedRow, EarlierRow, RecordedRow, UnclaimableRow
from foliot.common.ledger.ending import LostRow, RescuedRow, RetryRow
from foliot.common.ledger.workers import Offer
from foliot.common.model.execution import Handle, Outcome
from simulate.virtual.postgres import Connection
from simulate.virtual.worker.judge import Judge
from simulate.virtual.worker.ledger import Ledger

_Result = TypeVar("_Result")


class Unit:
    """Every repository in one: no two of them have a method of the same name."""

    def __init__(self, connection: Connection, ledger: Ledger, judge: Judge) -> None:
        self._connection = connection
        self._ledger = ledger
        self._judge = judge
        self._locked: set[int] = set()
        self.claims = self.workers = self.server = self.endings = self.dead_letters = self.terms = self

    async def _do(self, act: Callable[[], _Result]) -> _Result:
        return await self._connection.statement(act)

    async def _told(self, what: str, handles: Sequence[Handle], act: Callable[[], _Result]) -> _Result:
        """A statement that the story tells of, when PostgreSQL executes it."""

        def telling() -> _Result:
            result = act()
            self._judge.tell(self._connection.target, what, [handle.execution_id for handle in handles])
            return result

        return await self._do(telling)

    async def beat_worker(self, claim: int, _offer: Offer, _running: int, _held: int) -> None:
        await self._do(lambda: self._ledger.beat_worker(claim))

    async def forget_worker(self, claim: int) -> None:
        await self._do(lambda: self._ledger.forget_worker(claim))

    async def claim_executions(
        self, handles: Sequence[Handle], worker_id: str, claim: int, lease: float, again: bool
    ) -> list[ClaimedRow]:
        def act() -> list[ClaimedRow]:
            rows = self._ledger.claim_executions(handles, worker_id, claim, lease, again)
            self._judge.claimed(len(rows), self._ledger.is_alive(claim, lease))
            return rows

        return await self._told("claims", handles, act)

    async def fail_unclaimable(self, handle: Handle, error_message: str) -> UnclaimableRow | None:
        raise AssertionError("the model has no row that breaks a claim")

    async def renew_leases(self, handles: Sequence[Handle], claim: int, lease: float) -> dict[int, bool]:
        return await self._do(lambda: self._ledger.renew_leases(handles, claim, lease))

    async def record_executions(
        self, outcomes: Sequence[Outcome], ended_ago: Sequence[float], claim: int, *, plain: bool
    ) -> list[RecordedRow]:
        def act() -> list[RecordedRow]:
            if not plain:
                self._judge.ends(self._locked, [self._ledger.rows[o.execution_id].job_id for o in outcomes])
            before = {o.execution_id: self._ledger.rows[o.execution_id].claim for o in outcomes}
            recorded = self._ledger.record_executions(outcomes, claim, plain)
            for outcome in outcomes:
                if any(row.execution_id == outcome.execution_id for row in recorded):
                    self._judge.recorded(outcome, before[outcome.execution_id])
            return recorded

        return await self._do(act)

    async def select_recorded(self, handles: Sequence[Handle], claims: Collection[int]) -> list[EarlierRow]:
        return await self._do(lambda: self._ledger.select_recorded(handles, claims))

    async def hand_back(self, handles: Sequence[Handle]) -> int:
        return await self._told("hands back", handles, lambda: self._ledger.hand_back(handles))

    async def release_claimed(self, handles: Sequence[Handle], claim: int) -> int:
        return await self._told("releases", handles, lambda: self._ledger.release_claimed(handles, claim))

    async def select_now(self) -> datetime:
        return await self._do(self._ledger.clock.now)

    async def select_dead_claims(self, lease: float) -> list[int]:
        return await self._do(lambda: self._ledger.select_dead_claims(lease))

    async def select_stray_claims(self) -> list[int]:
        return await self._do(self._ledger.select_stray_claims)

    async def forget_dead_claims(self, claims: Sequence[int], lease: float) -> int:
        return await self._do(lambda: self._ledger.forget_dead_claims(claims, lease))

    async def select_lost(self, claims: Sequence[int], limit: int) -> list[LostRow]:
        return await self._do(lambda: self._ledger.select_lost(claims, limit))

    async def rescue_lost(self, lost: Sequence[LostRow], claims: Sequence[int]) -> list[RescuedRow]:
        def act() -> list[RescuedRow]:
            self._judge.ends(self._locked, [row.job_id for row in lost])
            rescued = self._ledger.rescue_lost(lost, claims)
            self._judge.rescued([row.execution_id for row in rescued])
            return rescued

        return await self._do(act)

    async def insert_retries(self, failed: Sequence[tuple[int, datetime, timedelta]]) -> list[RetryRow]:
        return await self._do(lambda: self._ledger.insert_retries(failed))

    async def insert_dead_letters(self, letters: Sequence[Any]) -> int:
        return await self._do(lambda: len(letters))

    async def lock_settling(self, job_ids: Sequence[int]) -> list[int]:
        """A tick follows in every job of the model, and no run waits: none of them has to be settled."""
        self._locked |= set(job_ids)
        return await self._do(list)

    async def note_outcomes(self, outcomes: Mapping[int, str]) -> None:
        await self._do(lambda: self._ledger.note_outcomes(outcomes))

    async def release_waiting(self, _job_ids: Sequence[int]) -> None:
        return None

    async def hold_term(self, _term: int) -> None:
        return None
