"""/v1/jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from foliot.api.jobs import steps
from foliot.api.jobs.coalescer import Coalescer
from foliot.api.jobs.creation import NewJob, create_one
from foliot.api.jobs.definition import decode
from foliot.api.jobs.pausing import PauseRequest
from foliot.api.jobs.read_only import READ_ONLY_FIELDS, without_read_only
from foliot.api.jobs.run_now import run
from foliot.api.queries.bounds import LAST_ATTEMPT
from foliot.api.queries.jobs import SeenJob
from foliot.api.queries.unit import Unit, UnitsOfWork
from foliot.api.views.created import created_answer
from foliot.api.views.execution import shown_execution
from foliot.api.views.job import members_of, shown
from foliot.api.views.job_items import JobList, listed
from foliot.api.views.job_pages import JobPage, JobQuery
from foliot.api.views.served import Served
from foliot.api.views.waits import Awaited, WaitQuery, Waits
from foliot.api.web.answers import JsonAnswer, dump, respond
from foliot.api.web.auth import Principal, Role
from foliot.api.web.bodies import parse_object
from foliot.api.web.call import Call
from foliot.api.web.changes import Changes
from foliot.api.web.etags import etag
from foliot.api.web.idempotency import IDEMPOTENCY_KEY
from foliot.api.web.open_change import OpenChange
from foliot.api.web.reads import Reads
from foliot.common.errors import NotFound

Step = Callable[[OpenChange, int], Awaitable[SeenJob]]
"""A step that needs nothing but the job_id."""


class JobHandlers:
    def __init__(self, database: UnitsOfWork, reads: Reads, changes: Changes, served: Served, waits: Waits) -> None:
        self._database = database
        self._reads = reads
        self._changes = changes
        self._served = served
        self._waits = waits
        self._coalescer = Coalescer(database)

    async def create(self, call: Call[None, bytes]) -> web.Response:
        """Without an Idempotency-Key the request shares a statement with others; the answer comes after its commit."""
        if IDEMPOTENCY_KEY not in call.request.headers:
            created = await self._coalescer.create(call.body, call.caller)
            return respond(created_answer(created, await self._served.fleet()))
        new = NewJob(definition=decode(parse_object(call.body)), caller=call.caller)

        async def work(change: OpenChange) -> JsonAnswer:
            return created_answer(await create_one(change, new), await self._served.fleet())

        return await self._changes.make(call, work)

    async def page(self, call: Call[JobQuery, None]) -> web.Response:
        wanted = JobPage(call.query, call.scope)
        (found, next_cursor), headers = await self._reads.read(call, wanted.select)
        items = [listed(job, call.principal, wanted.fields) for job in found]
        return respond(JsonAnswer(body=JobList(items=items, next_cursor=next_cursor), headers=headers))

    async def read(self, call: Call[None, None]) -> web.Response:
        async with self._database.session() as unit:
            job = await _visible(unit, call)
        return respond(await self._answer(job, call.principal))

    async def edit(self, call: Call[None, dict[str, Any]]) -> web.Response:
        patch = call.body

        async def work(change: OpenChange) -> JsonAnswer:
            fields = patch
            if not patch.keys().isdisjoint(READ_ONLY_FIELDS):
                fields = without_read_only(patch, await _present(change, call))
            edited = await steps.edit(change, call.ids["job_id"], fields, call.if_match)
            return await self._answer(edited, change.principal)

        return await self._changes.make(call, work)

    async def _answer(self, job: SeenJob, principal: Principal) -> JsonAnswer:
        body = shown(job, principal, await self._served.fleet())
        return JsonAnswer(body=body, headers={"ETag": etag(job.version)})

    async def delete(self, call: Call[None, None]) -> web.Response:
        async def work(change: OpenChange) -> JsonAnswer:
            await steps.delete(change, call.ids["job_id"], call.if_match)
            return JsonAnswer(status=204)

        return await self._changes.make(call, work)

    async def pause(self, call: Call[None, PauseRequest]) -> web.Response:
        return await self._step(call, lambda change, job_id: steps.pause(change, job_id, call.body))

    async def resume(self, call: Call[None, None]) -> web.Response:
        return await self._step(call, steps.resume)

    async def cancel(self, call: Call[None, None]) -> web.Response:
        return await self._step(call, steps.cancel)

    async def _step(self, call: Call[None, Any], step: Step) -> web.Response:
        async def work(change: OpenChange) -> JsonAnswer:
            return await self._answer(await step(change, call.ids["job_id"]), change.principal)

        return await self._changes.make(call, work)

    async def run(self, call: Call[WaitQuery, dict[str, Any]]) -> web.Response:
        """A runner runs the job as it is defined; another payload is a definition of its own."""
        if "payload" in call.body:
            call.principal.require(Role.OPERATOR)

        async def work(change: OpenChange) -> JsonAnswer:
            execution = await run(change, call.ids["job_id"], call.body)
            headers = {"Location": f"/v1/executions/{execution.execution_id}"}
            body = shown_execution(execution, await self._served.fleet())
            return JsonAnswer(status=202, body=body, headers=headers)

        made = await self._changes.make(call, work)
        return made if call.query.wait is None or made.status != 202 else await self._at_its_end(call, made)

    async def _at_its_end(self, call: Call[WaitQuery, Any], made: web.Response) -> web.Response:
        """The answer to a run that was made, now or by an earlier request with this key, at the end of the run."""
        execution_id = int(made.headers["Location"].rpartition("/")[2])
        async with self._database.session() as unit:
            first = await unit.history.select_execution(execution_id, call.scope)
        if first is None:
            return made
        await self._waits.end_of(call, Awaited(first.job_id, first.scheduled_time, None))
        async with self._database.session() as unit:
            (last,) = await unit.history.list_by_job(first.job_id, (first.scheduled_time, LAST_ATTEMPT), 1)
        headers = {"Location": f"/v1/executions/{last.execution_id}"}
        body = shown_execution(last, await self._served.fleet())
        return respond(JsonAnswer(status=202, body=body, headers=headers))


async def _visible(unit: Unit, call: Call[Any, Any]) -> SeenJob:
    job_id = call.ids["job_id"]
    job = await unit.jobs.select_job(job_id, call.scope)
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    return job


async def _present(change: OpenChange, call: Call[Any, Any]) -> dict[str, Any]:
    """The job as an answer has it now, in the types of JSON."""
    return parse_object(dump(members_of(await _visible(change.unit, call), change.principal)))
