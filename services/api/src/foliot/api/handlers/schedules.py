"""/v1/schedules: a schedule that belongs to no job yet."""

from __future__ import annotations

from aiohttp import web

from foliot.api.preview.answer import preview
from foliot.api.preview.request import PreviewRequest
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.web.answers import JsonAnswer, respond
from foliot.api.web.call import Call


class ScheduleHandlers:
    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    async def preview(self, call: Call[None, PreviewRequest]) -> web.Response:
        async with self._database.session() as unit:
            now = await unit.server.select_now()
        return respond(JsonAnswer(body=preview(call.body, call.principal.team_id, now)))
