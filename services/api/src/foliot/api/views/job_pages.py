"""GET /v1/jobs: the jobs that a request asks for, their order, and the place where the next page goes on."""

from __future__ import annotations

from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from foliot.api.jobs.definition import JobTypeName
from foliot.api.queries.bounds import FIRST_TIME, LAST_ID, LAST_TIME
from foliot.api.queries.jobs import JobFilter, SeenJob
from foliot.api.queries.unit import Unit
from foliot.api.views.job import SHOWN_FIELDS
from foliot.api.views.job_items import LISTED_FIELDS
from foliot.api.web.pages import Page, PageQuery, cursor, cut, place_of
from foliot.common.model.scope import Scope
from foliot.common.model.states import JobStatus

OPEN = (JobStatus.RUNNING, JobStatus.QUEUED)
"""Statuses that are derived from open executions: few jobs have them, found from their executions."""

MAX_PAYLOAD_BYTES = 4 * 1024 * 1024
"""Payloads of one page: a page with more of them is cut short, so that no list can fill the memory of the API."""
PAYLOADS_AT_ONCE = 8
"""Payloads that one statement reads: a payload may have nearly a megabyte."""
Found = tuple[list[tuple[tuple[Any, ...], SeenJob]], str | None]
"""Jobs with their places in the list, and the cursor of the next page."""


if TYPE_CHECKING:
    FieldName = str
else:
    FieldName = Literal[SHOWN_FIELDS]


class JobQuery(PageQuery, frozen=True, kw_only=True):
    """The parameters of the list of jobs: filters, which must all fit, the members and the order that are wanted."""

    status: JobStatus | None = None
    job_type: JobTypeName | None = None
    job_key: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    pool: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    last_status: tuple[Literal["COMPLETED", "FAILED", "TIMEOUT", "CANCELLED"], ...] | None = None
    q: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    priority: Annotated[int, Meta(ge=0, le=9)] | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    label: dict[str, str] | None = None
    set: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    fields: tuple[FieldName, ...] | None = None
    sort: Literal["created_at", "job_name", "next_run_time", "last_run_time"] = "created_at"

    def filter(self) -> JobFilter:
        return JobFilter(
            status=self.status, job_type=self.job_type, name_part=self.q, priority=self.priority,
            created_after=self.created_after or FIRST_TIME, created_before=self.created_before or LAST_TIME,
            labels=self.label or {}, job_key=self.job_key, pool=self.pool, last_status=self.last_status,
            set=self.set,
        )  # fmt: skip


class JobPage:
    """One page as the request asks for it. It raises Invalid for a cursor that is none."""

    def __init__(self, query: JobQuery, scope: Scope) -> None:
        self._query = query
        self._scope = scope
        self._filter = query.filter()
        self.fields = query.fields or LISTED_FIELDS
        """The members of each job that are wanted."""

    async def select(self, unit: Unit) -> Page[SeenJob]:
        """A page may hold fewer than `limit` and still have a next one."""
        found = await (self._newest(unit) if self._query.sort == "created_at" else self._sorted(unit))
        return await _with_payloads(unit, found) if "payload" in self.fields else _bare(found)

    async def _newest(self, unit: Unit) -> Found:
        last = place_of(self._query.cursor, datetime, int) or (LAST_TIME, LAST_ID)
        before = min((last[0], last[1]), (self._filter.created_before, LAST_ID))
        if self._filter.job_key is not None:
            return self._cut(await unit.jobs.list_keyed_jobs(self._scope, self._filter, self._query.limit + 1, before))
        if self._filter.set is not None:
            return self._cut(await unit.jobs.list_jobs_of_set(self._scope, self._filter, self._query.limit + 1, before))
        if self._filter.status in OPEN:
            return self._cut(await unit.jobs.list_open_jobs(self._scope, self._filter, self._query.limit + 1, before))
        return await self._walk(unit, before)

    async def _walk(self, unit: Unit, before: tuple[datetime, int]) -> Found:
        """Newest first. A walk looks at a bounded number of jobs; where few of them fit, the page is short and the next
        one begins at the walk's end."""
        owner, wanted, limit = self._scope.owner, self._filter, self._query.limit + 1
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
        return cut(_placed(found), self._query.limit, itemgetter(0))

    async def _sorted(self, unit: Unit) -> Found:
        given = place_of(self._query.cursor, str, int) or ("", 0)
        after, owner, limit = (given[0], given[1]), self._scope.owner, self._query.limit + 1
        if owner is None:
            found = await unit.jobs.list_sorted_jobs(self._filter, limit, self._query.sort, after)
        else:
            found = await unit.jobs.list_owned_sorted_jobs(owner, self._filter, limit, self._query.sort, after)
        return cut([((key, job.job_id), job) for key, job in found], self._query.limit, itemgetter(0))


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
