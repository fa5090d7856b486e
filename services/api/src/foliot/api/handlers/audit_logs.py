"""/v1/audit-logs: every change, and who made it."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
from aiohttp import web

from foliot.api.queries.bounds import LAST_ID
from foliot.api.queries.unit import Unit
from foliot.api.web.auth import Role
from foliot.api.web.bodies import JsonAnswer, respond
from foliot.api.web.callers import principal_of
from foliot.api.web.pages import cursor_of, cut, limit_of, page_body
from foliot.api.web.parameters import check_names
from foliot.api.web.reads import Reads
from foliot.common.ledger.audit_logs import AuditRow
from foliot.common.model.hidden import without_secrets

PAGE_BYTES = 4 * 1024 * 1024
"""Former and new values of one page: a page with more of them is cut short. A row may have two megabytes."""
_FIRST_PART = 8
"""Rows of the first statement; each further one of a page reads twice as many, while rows are small."""


class AuditLogHandlers:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/v1/audit-logs", self.page)]

    async def page(self, request: web.Request) -> web.Response:
        principal = principal_of(request)
        principal.require(Role.ADMIN)
        check_names(request, ("limit", "cursor"))
        limit, before = limit_of(request), cursor_of(request, int) or (LAST_ID,)

        async def select(unit: Unit) -> tuple[list[AuditRow], int]:
            return await _page(unit, principal.team_id, before[0], limit)

        (found, shown), headers = await self._reads.read(request, select)
        page = cut([_without_secrets(row) for row in found], shown, lambda row: (row.audit_id,))
        return respond(JsonAnswer(body=page_body(page), headers=headers))


async def _page(unit: Unit, team_id: int | None, before: int, limit: int) -> tuple[list[AuditRow], int]:
    """(Rows, how many of them make the page): one more than the page, if more follow."""
    found: list[AuditRow] = []
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


async def _select(unit: Unit, team_id: int | None, before: int, limit: int) -> list[AuditRow]:
    if team_id is None:
        return await unit.audit_logs.list_audit(before, limit)
    return await unit.audit_logs.list_team_audit(team_id, before, limit)


def _without_secrets(row: AuditRow) -> AuditRow:
    """The row as everybody reads it: a log of changes is no place for what a payload keeps secret."""
    return msgspec.structs.replace(row, old_value=_hidden(row.old_value), new_value=_hidden(row.new_value))


def _hidden(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if value is None or "payload" not in value:
        return value
    return value | {"payload": without_secrets(value["payload"])}
