"""/v1/audit-logs: every change, and who made it."""

from __future__ import annotations

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
        page = cut(found, limit, lambda row: (row.audit_id,))
        return respond(JsonAnswer(body=page_body(page), headers=headers))
