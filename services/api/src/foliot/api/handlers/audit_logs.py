"""/v1/audit-logs: every change, and who made it."""

from __future__ import annotations

from typing import Any

import msgspec
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

        async def select(unit: Unit) -> list[AuditRow]:
            if principal.team_id is None:
                return await unit.audit_logs.list_audit(before[0], limit + 1)
            return await unit.audit_logs.list_team_audit(principal.team_id, before[0], limit + 1)

        found, headers = await self._reads.read(request, select)
        page = cut([_without_secrets(row) for row in found], limit, lambda row: (row.audit_id,))
        return respond(JsonAnswer(body=page_body(page), headers=headers))


def _without_secrets(row: AuditRow) -> AuditRow:
    """The row as everybody reads it: a log of changes is no place for what a payload keeps secret."""
    return msgspec.structs.replace(row, old_value=_hidden(row.old_value), new_value=_hidden(row.new_value))


def _hidden(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if value is None or "payload" not in value:
        return value
    return value | {"payload": without_secrets(value["payload"])}
