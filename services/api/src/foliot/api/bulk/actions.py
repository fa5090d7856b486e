"""Actions on jobs that exist: each is the step of one job, done to many in the caller's transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from foliot.api.bulk.request import MAX_CHOSEN, BulkRequest, JobChoice
from foliot.api.bulk.results import BulkResult, Outcome, error_of
from foliot.api.jobs import steps
from foliot.api.jobs.many import lock_many
from foliot.api.jobs.run_now import run
from foliot.api.queries.jobs import SeenJob
from foliot.api.queries.unit import Unit
from foliot.api.views.job_items import LISTED_FIELDS, listed
from foliot.api.views.job_pages import JobPage, JobQuery
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import FieldError, FoliotError, Invalid, NotFound, Unavailable
from foliot.common.model.scope import Scope

Arguments = dict[str, Any]
"""Those of an action beside its jobs: `labels`."""
Step = Callable[[OpenChange, int, Arguments], Awaitable[Any]]
MAX_PAYLOAD_BYTES = 32 * 1024 * 1024
"""Payloads of the jobs that one transaction changes: each is held as row, version and audited value at once."""
_PAGE = 1_000
_EXAMPLES = 5
_AT_ONCE = 20
"""Jobs that are decided in one step of the event loop."""
_Item = TypeVar("_Item")

STEPS: dict[str, Step] = {
    "pause": lambda change, job_id, _: steps.pause(change, job_id),
    "resume": lambda change, job_id, _: steps.resume(change, job_id),
    "cancel": lambda change, job_id, _: steps.cancel(change, job_id),
    "delete": lambda change, job_id, _: steps.delete(change, job_id, None),
    "run": lambda change, job_id, _: run(change, job_id, {}),
    "label": lambda change, job_id, given: steps.edit(change, job_id, {"labels": given["labels"]}, None),
}


async def choose(unit: Unit, request: BulkRequest, scope: Scope) -> list[int]:
    """The job_ids that the request means, at most MAX_CHOSEN. Raises Invalid for more."""
    if request.job_ids is not None:
        return request.job_ids
    found: list[int] = []
    cursor: str | None = None
    filters = msgspec.structs.asdict(request.filter or JobChoice())
    while True:
        page = JobPage(JobQuery(**filters, limit=_PAGE, cursor=cursor), scope)
        jobs, cursor = await page.select(unit)
        found += [job.job_id for job in jobs]
        if len(found) > MAX_CHOSEN:
            raise Invalid([FieldError("filter", f"fits more than {MAX_CHOSEN:,} jobs: narrow it")])
        if cursor is None:
            return list(dict.fromkeys(found))


async def fitting(unit: Unit, job_ids: Sequence[int | None], scope: Scope) -> int:
    """How many of them, from the first on, one transaction may change: at least one."""
    sizes = await unit.jobs.select_sizes([job_id for job_id in job_ids if job_id is not None], scope)
    total = 0
    for number, job_id in enumerate(job_ids):
        total += sizes.get(job_id or 0, 0)
        if number and total > MAX_PAYLOAD_BYTES:
            return number
    return len(job_ids)


async def told(change: OpenChange, job_ids: Sequence[int]) -> BulkResult:
    """A dry run: how many jobs are meant, and some of them."""
    seen: list[SeenJob] = []
    for job_id in job_ids[:_EXAMPLES]:
        job = await change.unit.jobs.select_job(job_id, change.principal.scope)
        seen += [] if job is None else [job]
    examples = [listed(job, change.principal, LISTED_FIELDS) for job in seen]
    return BulkResult(matched=len(job_ids), done=0, failed=0, results=[], examples=examples)


async def act(change: OpenChange, action: str, arguments: Arguments, job_ids: Sequence[int]) -> list[Outcome]:
    """An outcome for each job, in order. One that fails is left as it is."""
    many = await lock_many(change.unit, job_ids, change.principal.scope)
    if action == "run":
        await many.look_at_runs()
    one, step, outcomes = change.over(many), STEPS[action], []
    async for job_id in in_turns(job_ids):
        try:
            await step(one, job_id, arguments)
        except Unavailable:
            raise
        except NotFound as error:
            outcomes.append(Outcome(None, error_of(error)))
        except FoliotError as error:
            outcomes.append(Outcome(job_id, error_of(error)))
        else:
            outcomes.append(Outcome(job_id))
    await many.write()
    if action == "run":
        await change.wake()
    return outcomes


async def in_turns(items: Iterable[_Item]) -> Any:
    """The items, with a turn of everybody else after each few: a callback must not compute for long."""
    for number, item in enumerate(items):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        yield item
