"""/v1/workers and /v1/schedulers: the processes that are alive."""

from __future__ import annotations

import msgspec
from aiohttp import web

from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.served import SHOWN_SECONDS
from foliot.api.web.answers import JsonAnswer, respond
from foliot.api.web.call import Call
from foliot.common.ledger.terms import SchedulerRow
from foliot.common.ledger.workers import WorkerRow


class WorkerList(msgspec.Struct, frozen=True, kw_only=True):
    """The workers with a heartbeat in the last 30 s."""

    items: list[WorkerRow]
    next_cursor: None


class SchedulerList(msgspec.Struct, frozen=True, kw_only=True):
    """The schedulers with a heartbeat in the last 30 s."""

    items: list[SchedulerRow]
    next_cursor: None


class WorkerHandlers:
    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    async def workers(self, _call: Call[None, None]) -> web.Response:
        async with self._database.session() as unit:
            found = await unit.workers.list_workers(SHOWN_SECONDS)
        return respond(JsonAnswer(body=WorkerList(items=found, next_cursor=None)))

    async def schedulers(self, _call: Call[None, None]) -> web.Response:
        async with self._database.session() as unit:
            found = await unit.terms.list_schedulers()
        return respond(JsonAnswer(body=SchedulerList(items=found, next_cursor=None)))
