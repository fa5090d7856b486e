"""Audit logs: one row per change, written in the transaction of the change and never changed afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from foliot.common.ledger.postgres import Session, columns
from foliot.common.ledger.statements import Statements

FOLIOT = 0
"""The user_id of changes that Foliot itself makes."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change: the user, the action and the thing. The fields are the arguments of insert_audit, in their order."""

    user_id: int
    team_id: int | None = None
    action: str
    resource_type: str
    resource_id: int
    old_value: dict[str, Any] | None = None
    new_value: dict[str, Any] | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    key_id: int | None = None
    """None for changes that Foliot itself makes."""


class AuditRow(msgspec.Struct, frozen=True):
    """One change as the API shows it."""

    audit_id: int
    user_id: int
    key_id: int | None
    key_name: str | None
    action: str
    resource_type: str
    resource_id: int
    old_value: dict[str, Any] | None
    new_value: dict[str, Any] | None
    ip_address: str | None
    user_agent: str | None
    created_at: datetime


SQL = Statements("foliot.common.ledger", "audit_logs.sql", rows={"list_audit": AuditRow, "list_team_audit": AuditRow})


class AuditLogs:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def insert_audit(self, entry: AuditEntry) -> None:
        await self._session.execute(SQL.insert_audit, *msgspec.structs.astuple(entry))

    async def insert_audits(self, entries: Sequence[AuditEntry]) -> None:
        rows = [msgspec.structs.astuple(entry) for entry in entries]
        await self._session.execute(SQL.insert_audits, *columns(rows, len(AuditEntry.__struct_fields__)))

    async def list_audit(self, before: int, limit: int) -> list[AuditRow]:
        return await self._session.read(SQL.list_audit, before, limit)

    async def list_team_audit(self, team_id: int, before: int, limit: int) -> list[AuditRow]:
        return await self._session.read(SQL.list_team_audit, before, limit, team_id)
