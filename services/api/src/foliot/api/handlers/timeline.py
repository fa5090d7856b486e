"""/v1/jobs/{job_id}/timeline."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.expectations import Unrecorded
from foliot.api.views.timeline import TimelineWanted, timeline
from foliot.api.web.bodies import JsonAnswer, respond
from foliot.api.web.callers import principal_of
from foliot.api.web.parameters import check_names, choice, choices, moment, path_id
from foliot.common.errors import FieldError, Invalid, NotFound
from foliot.common.model.states import ExecutionStatus

OUTCOMES = (*ExecutionStatus, *Unrecorded)


class TimelineHandlers:
    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/v1/jobs/{job_id}/timeline", self.timeline)]

    async def timeline(self, request: web.Request) -> web.Response:
        check_names(request, ("from", "to", "order", "outcome"))
        job_id = path_id(request, "job_id")
        wanted = TimelineWanted(
            given_from=_moment(request, "from"), given_to=_moment(request, "to"),
            newest_first=choice(request, "order", ("asc", "desc")) == "desc",
            outcomes=choices(request, "outcome", OUTCOMES),
        )  # fmt: skip
        async with self._database.session() as unit:
            now = await unit.server.select_now()
        async with self._database.snapshot() as unit:
            job = await unit.jobs.select_job(job_id, principal_of(request).scope)
            if job is None:
                raise NotFound(f"there is no job {job_id}")
            found = await timeline(unit, job, wanted, now)
        return respond(JsonAnswer(body=found))


def _moment(request: web.Request, name: str) -> datetime | None:
    given = moment(request, name)
    if given is not None and not 1970 < given.year < 9998:
        raise Invalid([FieldError(name, "must lie between 1971 and 9997")])
    return given
