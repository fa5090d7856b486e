"""The dispatch step: committed executions that must be sent to the broker, and messages that the broker lost."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements
from foliot.common.model.execution import Handout


class OpenWork(msgspec.Struct, frozen=True):
    """The open work of one pool and priority.

    `dispatched`: number of rows that are dispatched and unclaimed. `waits_since`: available_at of the oldest row that
    can be dispatched now. `available_at`: the time when the next row becomes available.
    """

    pool: str
    priority: int
    dispatched: int
    waits_since: datetime | None
    available_at: datetime | None
    now: datetime


class LatestClaim(msgspec.Struct, frozen=True):
    """The newest dispatched_at among the latest claimed attempts of one pool and priority."""

    pool: str
    priority: int
    dispatched_at: datetime | None
    now: datetime


class Backlog(msgspec.Struct, frozen=True):
    """The rows of one pool and priority that wait to be claimed.

    `depth`: their number, up to a limit. `undispatched`: the number of those that are not dispatched. `available_at`:
    that of the oldest.
    """

    pool: str
    priority: int
    depth: int
    undispatched: int
    available_at: datetime | None


SQL = Statements(
    "foliot.common.ledger", "dispatch.sql",
    rows={
        "survey_open_work": OpenWork, "take_backlog": Handout, "select_dispatched": Handout,
        "select_latest_claims": LatestClaim, "take_undelivered": Handout, "count_backlog": Backlog,
    },
)  # fmt: skip


class Dispatch:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def survey_open_work(self, depth: int, ahead: timedelta) -> list[OpenWork]:
        """Each pool and priority with open work. Rows that become available within `ahead` count as available."""
        return await self._session.read(SQL.survey_open_work, depth, ahead)

    async def take_backlog(
        self, pool: str, priority: int, limit: int, ahead: timedelta, since: datetime
    ) -> list[Handout]:
        """Dispatch rows and return them. `since`: waits_since of a survey."""
        return await self._session.read(SQL.take_backlog, pool, priority, limit, ahead, since)

    async def select_dispatched(self, limit: int) -> list[Handout]:
        return await self._session.read(SQL.select_dispatched, limit)

    async def select_latest_claims(self) -> list[LatestClaim]:
        return await self._session.read(SQL.select_latest_claims)

    async def take_undelivered(self, pool: str, priority: int, before: datetime, limit: int) -> list[Handout]:
        """Dispatch again the rows that were dispatched before `before`, and return them."""
        return await self._session.read(SQL.take_undelivered, pool, priority, before, limit)

    async def count_backlog(self, limit: int) -> list[Backlog]:
        """Each pool and priority with rows that wait; `depth` is at most `limit`."""
        return await self._session.read(SQL.count_backlog, limit)
