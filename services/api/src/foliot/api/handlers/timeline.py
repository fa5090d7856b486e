"""/v1/jobs/{job_id}/timeline."""

from __future__ import annotations

from aiohttp import web

from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.timeline import TimelineQuery, TimelineWanted, timeline
from foliot.api.web.answers import JsonAnswer, respond
from foliot.api.web.call import Call
from foliot.common.errors import NotFound


class TimelineHandlers:
    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    async def timeline(self, call: Call[TimelineQuery, None]) -> web.Response:
        job_id, wanted = call.ids["job_id"], TimelineWanted.from_query(call.query)
        async with self._database.session() as unit:
            now = await unit.server.select_now()
        async with self._database.snapshot() as unit:
            job = await unit.jobs.select_job(job_id, call.scope)
            if job is None:
                raise NotFound(f"there is no job {job_id}")
            found = await timeline(unit, job, wanted, now)
        return respond(JsonAnswer(body=found))
