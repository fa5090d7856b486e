"""/v1/workers and /v1/schedulers: the processes that are alive."""

from __future__ import annotations

from aiohttp import web

from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.served import SHOWN_SECONDS
from foliot.api.web.bodies import JsonAnswer, respond
from foliot.api.web.pages import page_body
from foliot.api.web.parameters import check_names


class WorkerHandlers:
    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/v1/workers", self.workers), web.get("/v1/schedulers", self.schedulers)]

    async def workers(self, request: web.Request) -> web.Response:
        check_names(request, ())
        async with self._database.session() as unit:
            found = await unit.workers.list_workers(SHOWN_SECONDS)
        return respond(JsonAnswer(body=page_body((found, None))))

    async def schedulers(self, request: web.Request) -> web.Response:
        check_names(request, ())
        async with self._database.session() as unit:
            found = await unit.terms.list_schedulers()
        return respond(JsonAnswer(body=page_body((found, None))))
