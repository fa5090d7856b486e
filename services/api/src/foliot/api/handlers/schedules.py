"""/v1/schedules."""

from __future__ import annotations

from aiohttp import web

from foliot.api import previews
from foliot.api.bodies import Answer, read_object, respond
from foliot.api.middleware import principal_of
from foliot.common.database import UnitsOfWork


class ScheduleHandlers:
    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/schedules/preview", self.preview)]

    async def preview(self, request: web.Request) -> web.Response:
        principal = principal_of(request)
        asked = previews.decode(await read_object(request))
        async with self._database.session() as unit:
            now = await unit.leader.select_now()
        return respond(Answer(body=previews.answer(asked, principal.team_id, now)))
