"""/v1/schedules: a schedule that belongs to no job yet."""

from __future__ import annotations

from aiohttp import web

from foliot.api.preview.answer import preview
from foliot.api.preview.request import decode
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.web.bodies import JsonAnswer, read_object, respond
from foliot.api.web.callers import principal_of


class ScheduleHandlers:
    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/schedules/preview", self.preview)]

    async def preview(self, request: web.Request) -> web.Response:
        principal = principal_of(request)
        wanted = decode(await read_object(request))
        async with self._database.session() as unit:
            now = await unit.server.select_now()
        return respond(JsonAnswer(body=preview(wanted, principal.team_id, now)))
