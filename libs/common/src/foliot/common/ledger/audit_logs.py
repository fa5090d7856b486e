"""Who did what when: written in the transaction of the change, never changed afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from foliot.common.ledger.postgres import Session, Statements, columns

SQL = Statements("foliot.common.ledger", "audit_logs.sql")
FOLIOT = 0
"""user_id of changes by Foliot itself."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    user_id: int
    action: str
    resource_type: str
    resource_id: int
    team_id: int | None = None
    old_value: dict[str, Any] | None = None
    new_value: dict[str, Any] | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None


class AuditLogs:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def insert_audit(self, entry: AuditEntry) -> None:
        await self._session.execute(
            SQL.insert_audit, entry.user_id, entry.team_id, entry.action, entry.resource_type, entry.resource_id,
            entry.old_value, entry.new_value, entry.ip_address, entry.user_agent, entry.request_id,
        )  # fmt: skip

    async def insert_audits(self, entries: Sequence[AuditEntry]) -> None:
        rows = [
            (e.user_id, e.team_id, e.action, e.resource_type, e.resource_id, e.old_value, e.new_value,
             e.ip_address, e.user_agent, e.request_id)
            for e in entries
        ]  # fmt: skip
        await self._session.execute(SQL.insert_audits, *columns(rows, 10))

    async def list_audit(self, before: int, limit: int) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._session.fetch(SQL.list_audit, before, limit)]

    async def list_team_audit(self, team_id: int, before: int, limit: int) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._session.fetch(SQL.list_team_audit, before, limit, team_id)]
