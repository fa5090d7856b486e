"""Terms of leadership: the row that fences every transaction of a leader, and the living schedulers."""

from __future__ import annotations

from datetime import datetime

import msgspec

from foliot.common.errors import Fenced
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements


class SchedulerRow(msgspec.Struct, frozen=True):
    """A living scheduler. `role`: leader or standby. `term` and `since`: of the term that it leads."""

    scheduler_id: str
    role: str
    term: int | None
    since: datetime
    last_heartbeat: datetime


class Beat(msgspec.Struct, frozen=True):
    """The answer to a heartbeat. `planned_ago`: seconds since any scheduler planned (None: not known)."""

    now: datetime
    planned_ago: float | None


SQL = Statements("foliot.common.ledger", "terms.sql", rows={"beat_scheduler": Beat, "list_schedulers": SchedulerRow})


class Terms:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def take_term(self, scheduler_id: str, czxid: int, ensemble_id: str) -> int | None:
        """Take leadership: the new term, or None if a newer candidacy holds it."""
        term: int | None = await self._session.value(SQL.take_term, scheduler_id, czxid, ensemble_id)
        return term

    async def hold_term(self, term: int) -> None:
        """Lock `term` until the transaction ends: no other can begin. Raises Fenced if it has passed."""
        if await self._session.value(SQL.hold_term, term) is None:
            raise Fenced(f"term {term} has passed")

    async def beat_scheduler(self, scheduler_id: str, planned_ago: float | None) -> Beat:
        """`planned_ago`: seconds since this scheduler planned, None for a standby."""
        beat: Beat = await self._session.read_one(SQL.beat_scheduler, scheduler_id, planned_ago)
        return beat

    async def forget_scheduler(self, scheduler_id: str) -> None:
        await self._session.execute(SQL.forget_scheduler, scheduler_id)

    async def forget_silent_schedulers(self) -> int:
        return await self._session.execute(SQL.forget_silent_schedulers)

    async def list_schedulers(self) -> list[SchedulerRow]:
        return await self._session.read(SQL.list_schedulers)
