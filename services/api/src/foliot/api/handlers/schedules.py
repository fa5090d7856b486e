"""/v1/schedules, and the timeline of a job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aiohttp import web

from foliot.api.preview import asked as previews
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.timeline import LONGEST, timeline
from foliot.api.web.bodies import Answer, read_object, respond
from foliot.api.web.callers import principal_of
from foliot.api.web.pages import check_names, moment, path_id
from foliot.common.errors import FieldError, Invalid

DAY = timedelta(days=1)


class ScheduleHandlers:
    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/schedules/preview", self.preview),
            web.get("/v1/jobs/{job_id}/timeline", self.timeline),
        ]

    async def preview(self, request: web.Request) -> web.Response:
        principal = principal_of(request)
        asked = previews.decode(await read_object(request))
        async with self._database.session() as unit:
            now = await unit.server.select_now()
        return respond(Answer(body=previews.answer(asked, principal.team_id, now)))

    async def timeline(self, request: web.Request) -> web.Response:
        check_names(request, ("from", "to"))
        job_id = path_id(request, "job_id")
        async with self._database.session() as unit:
            first, last = _range(request, await unit.server.select_now())
        async with self._database.snapshot() as unit:
            found = await timeline(unit, job_id, principal_of(request).scope, first, last)
        return respond(Answer(body=found))


def _range(request: web.Request, now: datetime) -> tuple[datetime, datetime]:
    """A day back to a day ahead by default; one end alone means the day beside it."""
    given_from, given_to = moment(request, "from"), moment(request, "to")
    for name, given in (("from", given_from), ("to", given_to)):
        if given is not None and not 1970 < given.year < 9998:
            raise Invalid([FieldError(name, "must lie between 1971 and 9997")])
    first = given_from or (given_to or now) - DAY
    last = given_to or (given_from or now) + DAY
    if first > last:
        raise Invalid([FieldError("from", "must not be later than to")])
    if last - first > LONGEST:
        raise Invalid([FieldError("to", f"at most {LONGEST.days} days after from: ask for the range in parts")])
    return first.astimezone(UTC), last.astimezone(UTC)
