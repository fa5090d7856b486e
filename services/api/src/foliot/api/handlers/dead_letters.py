"""/v1/dead-letters: runs that were given up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from foliot.api.jobs import dead_letters
from foliot.api.queries.bounds import LAST_ID, LAST_TIME
from foliot.api.queries.unit import Unit
from foliot.api.web.auth import Role
from foliot.api.web.bodies import JsonAnswer, read_object, respond
from foliot.api.web.callers import principal_of
from foliot.api.web.changes import Changes
from foliot.api.web.idempotency import canonical
from foliot.api.web.open_change import OpenChange
from foliot.api.web.pages import cursor_of, cut, limit_of, page_body
from foliot.api.web.parameters import check_names
from foliot.api.web.reads import Reads
from foliot.common.ledger.dead_letters import LetterRow

Step = Callable[[OpenChange, dict[str, Any]], Awaitable[dict[str, Any]]]
"""A step that gets the body and gives the answer's."""


class DeadLetterHandlers:
    def __init__(self, reads: Reads, changes: Changes) -> None:
        self._reads = reads
        self._changes = changes

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/dead-letters", self.page),
            web.post("/v1/dead-letters/replay", self.replay),
            web.delete("/v1/dead-letters", self.discard),
        ]

    async def page(self, request: web.Request) -> web.Response:
        check_names(request, ("limit", "cursor"))
        limit, scope = limit_of(request), principal_of(request).scope
        before = cursor_of(request, datetime, int) or (LAST_TIME, LAST_ID)

        async def select(unit: Unit) -> list[LetterRow]:
            if scope.owner is None:
                return await unit.dead_letters.list_open((before[0], before[1]), limit + 1)
            return await unit.dead_letters.list_owned_open(scope.owner, (before[0], before[1]), limit + 1)

        found, headers = await self._reads.read(request, select)
        page = cut(found, limit, lambda letter: (letter.dead_at, letter.execution_id))
        return respond(JsonAnswer(body=page_body(page), headers=headers))

    async def replay(self, request: web.Request) -> web.Response:
        return await self._step(request, dead_letters.replay)

    async def discard(self, request: web.Request) -> web.Response:
        return await self._step(request, dead_letters.discard)

    async def _step(self, request: web.Request, step: Step) -> web.Response:
        principal_of(request).require(Role.OPERATOR)
        body = await read_object(request)

        async def work(change: OpenChange) -> JsonAnswer:
            return JsonAnswer(body=await step(change, body))

        return await self._changes.make(request, work, body=canonical(body))
