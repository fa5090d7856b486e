"""/v1/dead-letters: runs that were given up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
from aiohttp import web

from foliot.api.jobs import dead_letters
from foliot.api.jobs.dead_letters import LetterCount, LetterRequest
from foliot.api.queries.bounds import LAST_ID, LAST_TIME
from foliot.api.queries.unit import Unit
from foliot.api.web.answers import JsonAnswer, respond
from foliot.api.web.call import Call
from foliot.api.web.changes import Changes
from foliot.api.web.open_change import OpenChange
from foliot.api.web.pages import PageQuery, cut, place_of
from foliot.api.web.reads import Reads
from foliot.common.ledger.dead_letters import DeadLetterRow

Step = Callable[[OpenChange, LetterRequest], Awaitable[LetterCount]]


class DeadLetterList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of open dead letters."""

    items: list[DeadLetterRow]
    next_cursor: str | None


class DeadLetterHandlers:
    def __init__(self, reads: Reads, changes: Changes) -> None:
        self._reads = reads
        self._changes = changes

    async def page(self, call: Call[PageQuery, None]) -> web.Response:
        limit, scope = call.query.limit, call.scope
        before = place_of(call.query.cursor, datetime, int) or (LAST_TIME, LAST_ID)

        async def select(unit: Unit) -> list[DeadLetterRow]:
            if scope.owner is None:
                return await unit.dead_letters.list_open((before[0], before[1]), limit + 1)
            return await unit.dead_letters.list_owned_open(scope.owner, (before[0], before[1]), limit + 1)

        found, headers = await self._reads.read(call, select)
        items, next_cursor = cut(found, limit, lambda letter: (letter.dead_at, letter.execution_id))
        return respond(JsonAnswer(body=DeadLetterList(items=items, next_cursor=next_cursor), headers=headers))

    async def replay(self, call: Call[None, LetterRequest]) -> web.Response:
        return await self._step(call, dead_letters.replay)

    async def discard(self, call: Call[None, LetterRequest]) -> web.Response:
        return await self._step(call, dead_letters.discard)

    async def _step(self, call: Call[None, LetterRequest], step: Step) -> web.Response:
        async def work(change: OpenChange) -> JsonAnswer:
            return JsonAnswer(body=await step(change, call.body))

        return await self._changes.make(call, work)
