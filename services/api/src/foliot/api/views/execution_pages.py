"""GET /v1/executions: the attempts that a request asks for, and the place where the next page goes on."""

from __future__ import annotations

from datetime import datetime, timedelta

from aiohttp import web

from foliot.api.queries.bounds import FIRST_TIME, LAST_ID, LAST_TIME
from foliot.api.queries.history import ExecutionFilter
from foliot.api.queries.unit import Unit
from foliot.api.web.callers import principal_of
from foliot.api.web.pages import Page, cursor, cursor_of, cut, limit_of
from foliot.api.web.parameters import check_names, choices, labels, moment, number
from foliot.common.errors import FieldError, Invalid
from foliot.common.model.execution import Execution
from foliot.common.model.states import ExecutionStatus

DAY = timedelta(days=1)
MAX_WINDOW = timedelta(days=31)


class ExecutionPage:
    """One page as the request asks for it. Raises Invalid with what is wrong in its parameters."""

    def __init__(self, request: web.Request) -> None:
        check_names(request, ("status", "job_id", "label", "worker_id", "from", "to", "limit", "cursor"))
        self.job_id = number(request, "job_id")
        self._scope = principal_of(request).scope
        self._limit = limit_of(request)
        self._statuses = choices(request, "status", list(ExecutionStatus))
        self._labels = labels(request) or None
        self._worker_id = request.query.get("worker_id")
        self._given = moment(request, "from"), moment(request, "to")
        self._before: int = (cursor_of(request, int) or (LAST_ID,))[0]

    async def select(self, unit: Unit) -> Page[Execution]:
        """Of all jobs, in a window. A page may hold fewer than `limit` and still have a next one."""
        window = _window(*self._given, await unit.server.select_now())
        found = await unit.history.list_executions(self._filter(window))
        if len(found) > self._limit:
            return self._cut(found)
        end = await unit.history.select_executions_walk_end(window, self._before)
        return found, None if end is None else cursor(end)

    async def select_of_job(self, unit: Unit, job_id: int) -> Page[Execution]:
        """Of one job, all its history unless the request narrows it."""
        window = self._given[0] or FIRST_TIME, self._given[1] or LAST_TIME
        return self._cut(await unit.history.list_executions_of_job(self._filter(window), job_id))

    def _filter(self, window: tuple[datetime, datetime]) -> ExecutionFilter:
        return ExecutionFilter(
            scope=self._scope, window=window, statuses=self._statuses, worker_id=self._worker_id, before=self._before,
            labels=self._labels, limit=self._limit + 1,
        )  # fmt: skip

    def _cut(self, found: list[Execution]) -> Page[Execution]:
        return cut(found, self._limit, lambda execution: (execution.execution_id,))


def _window(given_from: datetime | None, given_to: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """The window of scheduled_time: the last 24 h by default, at most 31 days.

    Its default end is a day ahead of now, so that runs that wait for their time are in it; that day does not count.
    """
    last = given_to or max(now, given_from + DAY if given_from else now) + DAY
    first = given_from or (last - DAY * 2 if given_to is None else last - DAY)
    if last - first > MAX_WINDOW + DAY:
        raise Invalid([FieldError("from", "without job_id at most 31 days between from and to")])
    if first > last:
        raise Invalid([FieldError("from", "must not be later than to")])
    return first, last
