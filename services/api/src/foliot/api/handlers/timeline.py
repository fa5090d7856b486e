"""/v1/jobs/{job_id}/timeline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aiohttp import web

from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.timeline import MAX_RANGE, timeline
from foliot.api.web.bodies import JsonAnswer, respond
from foliot.api.web.callers import principal_of
from foliot.api.web.parameters import check_names, moment, path_id
from foliot.common.errors import FieldError, Invalid

DAY = timedelta(days=1)


class TimelineHandlers:
    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/v1/jobs/{job_id}/timeline", self.timeline)]

    async def timeline(self, request: web.Request) -> web.Response:
        check_names(request, ("from", "to"))
        job_id = path_id(request, "job_id")
        async with self._database.session() as unit:
            first, last = _range(request, await unit.server.select_now())
        async with self._database.snapshot() as unit:
            found = await timeline(unit, job_id, principal_of(request).scope, first, last)
        return respond(JsonAnswer(body=found))


def _range(request: web.Request, now: datetime) -> tuple[datetime, datetime]:
    """From a day ago to a day ahead by default; one end alone means the day beside it."""
    given_from, given_to = moment(request, "from"), moment(request, "to")
    for name, given in (("from", given_from), ("to", given_to)):
        if given is not None and not 1970 < given.year < 9998:
            raise Invalid([FieldError(name, "must lie between 1971 and 9997")])
    first = given_from or (given_to or now) - DAY
    last = given_to or (given_from or now) + DAY
    if first > last:
        raise Invalid([FieldError("from", "must not be later than to")])
    if last - first > MAX_RANGE:
        raise Invalid([FieldError("to", f"at most {MAX_RANGE.days} days after from: ask for the range in parts")])
    return first.astimezone(UTC), last.astimezone(UTC)
