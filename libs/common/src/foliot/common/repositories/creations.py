"""New jobs, each with its first version and its audit row: many in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

from foliot.common.notify import CHANNEL
from foliot.common.postgres import Session, Statements

SQL = Statements("foliot.common.repositories", "creations.sql")


class Creation(TypedDict):
    """A new job as one JSON document; times are RFC 3339 text."""

    job_id: int
    user_id: int
    team_id: int | None
    definition: dict[str, Any]
    """DEFINITION_FIELDS, as they are answered and audited."""
    spread_key: str
    next_run_time: str | None
    once: bool
    """It fires once: its run carries this request's request_id and traceparent."""
    created_at: str
    request_id: str
    traceparent: str | None
    ip_address: str | None
    user_agent: str


class Creations:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def reserve_job_ids(self, count: int) -> tuple[datetime, list[int]]:
        """The database's clock and `count` new job_ids."""
        row = await self._session.fetchrow(SQL.reserve_job_ids, count)
        assert row is not None
        return row["now"], row["job_ids"]

    async def insert_created(self, creations: Sequence[Creation]) -> None:
        """All or nothing, whether in a transaction or not; the leader looks again when they are committed."""
        await self._session.fetch(SQL.insert_created, creations, CHANNEL)
