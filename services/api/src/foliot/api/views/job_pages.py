"""GET /v1/jobs: the jobs that a request asks for, their order, and the place where the next page goes on."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from foliot.api.queries.bounds import FIRST_TIME, LAST_ID, LAST_TIME
from foliot.api.queries.jobs import JobFilter
from foliot.api.queries.unit import Unit
from foliot.api.web.callers import principal_of
from foliot.api.web.pages import Page, cursor, cursor_of, cut, limit_of
from foliot.api.web.parameters import check_names, choice, moment, number
from foliot.common.errors import FieldError, Invalid
from foliot.common.ledger.job import Job
from foliot.common.model.payloads import PUBLIC
from foliot.common.model.states import JobStatus

PARAMETERS = (
    "status", "job_type", "q", "priority", "created_after", "created_before", "label", "sort", "limit", "cursor",
)  # fmt: skip
SORTS = ("created_at", "job_name", "next_run_time")
OPEN = (JobStatus.RUNNING, JobStatus.QUEUED)
"""Statuses that are derived from open executions: few jobs have them, found from their executions."""


class JobPage:
    """One page as the request asks for it. Raises Invalid with what is wrong in its parameters."""

    def __init__(self, request: web.Request) -> None:
        check_names(request, PARAMETERS)
        self._request = request
        self._scope = principal_of(request).scope
        self._limit = limit_of(request)
        self._sort = choice(request, "sort", SORTS) or "created_at"
        self._filter = _filter(request)

    async def select(self, unit: Unit) -> Page[Job]:
        """A page may hold fewer than `limit` and still have a next one."""
        if self._sort != "created_at":
            return await self._sorted(unit)
        last = cursor_of(self._request, datetime, int) or (LAST_TIME, LAST_ID)
        before = min((last[0], last[1]), (self._filter.created_before, LAST_ID))
        if self._filter.status in OPEN:
            return self._cut(await unit.jobs.list_open_jobs(self._scope, self._filter, self._limit + 1, before))
        return await self._walk(unit, before)

    async def _walk(self, unit: Unit, before: tuple[datetime, int]) -> Page[Job]:
        """Newest first. A walk looks at a bounded number of jobs; where few of them fit, the page is short and the next
        one begins at the walk's end."""
        owner, wanted, limit = self._scope.owner, self._filter, self._limit + 1
        if owner is None:
            found = await unit.jobs.list_jobs(wanted, limit, before)
        else:
            found = await unit.jobs.list_owned_jobs(owner, wanted, limit, before)
        if len(found) == limit:
            return self._cut(found)
        if owner is None:
            end = await unit.jobs.select_walk_end(wanted.created_after, before)
        else:
            end = await unit.jobs.select_owned_walk_end(owner, wanted.created_after, before)
        return found, cursor(*end) if end else None

    def _cut(self, found: list[Job]) -> Page[Job]:
        return cut(found, self._limit, lambda job: (job.created_at, job.job_id))

    async def _sorted(self, unit: Unit) -> Page[Job]:
        given = cursor_of(self._request, str, int) or ("", 0)
        after, owner, limit = (given[0], given[1]), self._scope.owner, self._limit + 1
        if owner is None:
            found = await unit.jobs.list_sorted_jobs(self._filter, limit, self._sort, after)
        else:
            found = await unit.jobs.list_owned_sorted_jobs(owner, self._filter, limit, self._sort, after)
        shown, next_cursor = cut(found, self._limit, lambda keyed: (keyed[0], keyed[1].job_id))
        return [job for _, job in shown], next_cursor


def _filter(request: web.Request) -> JobFilter:
    part = request.query.get("q")
    if part is not None and not (1 <= len(part) <= 255 and "\0" not in part):
        raise Invalid([FieldError("q", "must have 1 to 255 characters, without NUL")])
    priority = number(request, "priority")
    if priority is not None and priority > 9:
        raise Invalid([FieldError("priority", "must be 0 to 9")])
    return JobFilter(
        status=choice(request, "status", list(JobStatus)),
        job_type=choice(request, "job_type", PUBLIC), name_part=part, priority=priority,
        created_after=moment(request, "created_after") or FIRST_TIME,
        created_before=moment(request, "created_before") or LAST_TIME, labels=_labels(request),
    )  # fmt: skip


def _labels(request: web.Request) -> dict[str, str]:
    """label=name=value, any number of times: a job must have all of them."""
    labels = {}
    for text in request.query.getall("label", []):
        name, equals, value = text.partition("=")
        if not (name and equals) or "\0" in text or len(text) > 1_000:
            raise Invalid([FieldError("label", "must be name=value, such as label=env=prod")])
        labels[name] = value
    return labels
