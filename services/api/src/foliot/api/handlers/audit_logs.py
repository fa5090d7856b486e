"""/v1/audit-logs: every change, and who made it."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
from aiohttp import web

from foliot.api.queries.bounds import LAST_ID
from foliot.api.queries.unit import Unit
from foliot.api.web.answers import JsonAnswer, respond
from foliot.api.web.call import Call
from foliot.api.web.pages import PageQuery, cut, place_of
from foliot.api.web.reads import Reads
from foliot.common.ledger.audit_logs import AuditLogRow
from foliot.common.model.hidden import without_secrets

PAGE_BYTES = 4 * 1024 * 1024
"""Former and new values of one page: a page with more of them is cut short. A row may have two megabytes."""
_FIRST_PART = 8
"""Rows of the first statement; each further one of a page reads twice as many, while rows are small."""


class AuditLogList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of changes. It may hold fewer than `limit` and still have a next one."""

    items: list[AuditLogRow]
    next_cursor: str | None


class AuditLogHandlers:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def page(self, call: Call[PageQuery, None]) -> web.Response:
        limit, before = call.query.limit, place_of(call.query.cursor, int) or (LAST_ID,)

        async def select(unit: Unit) -> tuple[list[AuditLogRow], int]:
            return await _page(unit, call.principal.team_id, before[0], limit)

        (found, shown), headers = await self._reads.read(call, select)
        items, next_cursor = cut([_without_secrets(row) for row in found], shown, lambda row: (row.audit_id,))
        return respond(JsonAnswer(body=AuditLogList(items=items, next_cursor=next_cursor), headers=headers))


async def _page(unit: Unit, team_id: int | None, before: int, limit: int) -> tuple[list[AuditLogRow], int]:
    """(Rows, how many of them make the page): one more than the page, if more follow."""
    found: list[AuditLogRow] = []
    size, part = 0, _FIRST_PART
    while len(found) <= limit:
        wanted = min(part, limit + 1 - len(found))
        rows = await _select(unit, team_id, found[-1].audit_id if found else before, wanted)
        found += rows
        size += sum(len(orjson.dumps((row.old_value, row.new_value))) for row in rows)
        if len(rows) < wanted:
            return found, limit
        if size > PAGE_BYTES:
            return found, max(1, len(found) - 1)
        part = part * 2 if size < PAGE_BYTES // 4 else part
    return found, limit


async def _select(unit: Unit, team_id: int | None, before: int, limit: int) -> list[AuditLogRow]:
    if team_id is None:
        return await unit.audit_logs.list_audit(before, limit)
    return await unit.audit_logs.list_team_audit(team_id, before, limit)


def _without_secrets(row: AuditLogRow) -> AuditLogRow:
    """The row as everybody reads it: a log of changes is no place for what a payload keeps secret."""
    return msgspec.structs.replace(row, old_value=_hidden(row.old_value), new_value=_hidden(row.new_value))


def _hidden(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if value is None or "payload" not in value:
        return value
    return value | {"payload": without_secrets(value["payload"])}
