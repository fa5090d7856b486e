"""/v1/api-keys. For admins: each within its team, one without a team everywhere."""

from __future__ import annotations

from aiohttp import web

from foliot.api.keys import KeyList, KeyQuery, NewKey, create_key, revoke_key
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.web.answers import JsonAnswer, respond
from foliot.api.web.call import Call
from foliot.api.web.changes import Changes
from foliot.api.web.open_change import OpenChange


class ApiKeyHandlers:
    def __init__(self, database: UnitsOfWork, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    async def page(self, call: Call[None, None]) -> web.Response:
        async with self._database.session() as unit:
            found = await unit.api_keys.list_keys(call.scope.everything, call.principal.team_id)
        return respond(JsonAnswer(body=KeyList(items=found, next_cursor=None)))

    async def create(self, call: Call[None, NewKey]) -> web.Response:
        """The key itself is in this answer alone: it is stored as a hash, and not kept for an Idempotency-Key."""

        async def work(change: OpenChange) -> JsonAnswer:
            return JsonAnswer(status=201, body=await create_key(change, call.body))

        return await self._changes.make(call, work, hidden=("key",))

    async def revoke(self, call: Call[KeyQuery, None]) -> web.Response:
        """The key is refused within a second from the answer on."""

        async def work(change: OpenChange) -> JsonAnswer:
            return JsonAnswer(body=await revoke_key(change, call.ids["key_id"], force=call.query.force))

        return await self._changes.make(call, work)
