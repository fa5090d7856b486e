"""GET /v1/jobs: the jobs that a request asks for, their order, and the place where the next page goes on."""

from __future__ import annotations

from datetime import datetime
from operator import itemgetter
from typing import Any

import msgspec
from aiohttp import web

from foliot.api.queries.bounds import FIRST_TIME, LAST_ID, LAST_TIME
from foliot.api.queries.jobs import JobFilter, SeenJob
from foliot.api.queries.unit import Unit
from foliot.api.views.job import LISTED_FIELDS, SHOWN_FIELDS
from foliot.api.web.callers import principal_of
from foliot.api.web.pages import Page, cursor, cursor_of, cut, limit_of
from foliot.api.web.parameters import check_names, choice, choices, labels, moment, number, text
from foliot.common.errors import FieldError, Invalid
from foliot.common.model.payloads import PUBLIC
from foliot.common.model.states import ExecutionStatus, JobStatus

PARAMETERS = (
    "status", "job_type", "job_key", "pool", "last_status", "q", "priority", "created_after", "created_before", "label",
    "fields", "sort", "limit", "cursor",
)  # fmt: skip
SORTS = ("created_at", "job_name", "next_run_time", "last_run_time")
OUTCOMES = (ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.TIMEOUT, ExecutionStatus.CANCELLED)
"""Values of last_status."""
OPEN = (JobStatus.RUNNING, JobStatus.QUEUED)
"""Statuses that are derived from open executions: few jobs have them, found from their executions."""

MAX_PAYLOAD_BYTES = 4 * 1024 * 1024
"""Payloads of one page: a page with more of them is cut short, so that no list can fill the memory of the API."""
PAYLOADS_AT_ONCE = 8
"""Payloads that one statement reads: a payload may have nearly a megabyte."""
Found = tuple[list[tuple[tuple[Any, ...], SeenJob]], str | None]
"""Jobs with their places in the list, and the cursor of the next page."""


class JobPage:
    """One page as the request asks for it. Raises Invalid with what is wrong in its parameters."""

    def __init__(self, request: web.Request) -> None:
        check_names(request, PARAMETERS)
        self._request = request
        self._scope = principal_of(request).scope
        self._limit = limit_of(request)
        self._sort = choice(request, "sort", SORTS) or "created_at"
        self._filter = _filter(request)
        self.fields = frozenset(choices(request, "fields", SHOWN_FIELDS) or LISTED_FIELDS)
        """The members of each job that are wanted."""

    async def select(self, unit: Unit) -> Page[SeenJob]:
        """A page may hold fewer than `limit` and still have a next one."""
        found = await (self._newest(unit) if self._sort == "created_at" else self._sorted(unit))
        return await _with_payloads(unit, found) if "payload" in self.fields else _bare(found)

    async def _newest(self, unit: Unit) -> Found:
        last = cursor_of(self._request, datetime, int) or (LAST_TIME, LAST_ID)
        before = min((last[0], last[1]), (self._filter.created_before, LAST_ID))
        if self._filter.job_key is not None:
            return self._cut(await unit.jobs.list_keyed_jobs(self._scope, self._filter, self._limit + 1, before))
        if self._filter.status in OPEN:
            return self._cut(await unit.jobs.list_open_jobs(self._scope, self._filter, self._limit + 1, before))
        return await self._walk(unit, before)

    async def _walk(self, unit: Unit, before: tuple[datetime, int]) -> Found:
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
        return _placed(found), cursor(*end) if end else None

    def _cut(self, found: list[SeenJob]) -> Found:
        return cut(_placed(found), self._limit, itemgetter(0))

    async def _sorted(self, unit: Unit) -> Found:
        given = cursor_of(self._request, str, int) or ("", 0)
        after, owner, limit = (given[0], given[1]), self._scope.owner, self._limit + 1
        if owner is None:
            found = await unit.jobs.list_sorted_jobs(self._filter, limit, self._sort, after)
        else:
            found = await unit.jobs.list_owned_sorted_jobs(owner, self._filter, limit, self._sort, after)
        return cut([((key, job.job_id), job) for key, job in found], self._limit, itemgetter(0))


def _placed(jobs: list[SeenJob]) -> list[tuple[tuple[Any, ...], SeenJob]]:
    return [((job.created_at, job.job_id), job) for job in jobs]


def _bare(found: Found) -> Page[SeenJob]:
    return [job for _, job in found[0]], found[1]


async def _with_payloads(unit: Unit, found: Found) -> Page[SeenJob]:
    """The page with its payloads, cut where these would be more than MAX_PAYLOAD_BYTES; it keeps one job at least."""
    placed, _ = found
    shown: list[SeenJob] = []
    size = 0
    last: tuple[Any, ...] = ()
    for begin in range(0, len(placed), PAYLOADS_AT_ONCE):
        part = placed[begin : begin + PAYLOADS_AT_ONCE]
        payloads = await unit.jobs.select_payloads([job.job_id for _, job in part])
        for place, job in part:
            payload, bytes_more = payloads.get(job.job_id, (None, 0))
            if shown and size + bytes_more > MAX_PAYLOAD_BYTES:
                return shown, cursor(*last)
            size += bytes_more
            shown.append(msgspec.structs.replace(job, payload=payload))
            last = place
    return shown, found[1]


def _filter(request: web.Request) -> JobFilter:
    priority = number(request, "priority")
    if priority is not None and priority > 9:
        raise Invalid([FieldError("priority", "must be 0 to 9")])
    return JobFilter(
        status=choice(request, "status", list(JobStatus)), job_type=choice(request, "job_type", PUBLIC),
        name_part=text(request, "q", 255), priority=priority,
        created_after=moment(request, "created_after") or FIRST_TIME,
        created_before=moment(request, "created_before") or LAST_TIME, labels=labels(request),
        job_key=text(request, "job_key", 255), pool=text(request, "pool", 100),
        last_status=choices(request, "last_status", OUTCOMES),
    )  # fmt: skip
