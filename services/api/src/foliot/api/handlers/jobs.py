"""/v1/jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import hdrs, web

from foliot.api.jobs import steps
from foliot.api.jobs.coalescer import Coalescer
from foliot.api.jobs.creation import Created, NewJob, create_one
from foliot.api.jobs.definition import decode
from foliot.api.jobs.read_only import READ_ONLY_FIELDS, without_read_only
from foliot.api.jobs.run_now import decode_override, run
from foliot.api.queries.jobs import SeenJob
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.execution import shown_execution
from foliot.api.views.job import shown, shown_alone, warnings
from foliot.api.views.job_pages import JobPage
from foliot.api.views.served import Fleet, Served, datasource_of
from foliot.api.web.auth import Principal, Role
from foliot.api.web.bodies import JsonAnswer, dump, parse_object, read_json, read_object, respond
from foliot.api.web.callers import caller_of, principal_of
from foliot.api.web.changes import Changes
from foliot.api.web.etags import etag
from foliot.api.web.idempotency import IDEMPOTENCY_KEY, canonical
from foliot.api.web.open_change import OpenChange
from foliot.api.web.pages import page_body
from foliot.api.web.parameters import path_id
from foliot.api.web.reads import Reads
from foliot.common.errors import NotFound

Step = Callable[[OpenChange, int], Awaitable[SeenJob]]
"""A step that needs nothing but the job_id."""


class JobHandlers:
    def __init__(self, database: UnitsOfWork, reads: Reads, changes: Changes, served: Served) -> None:
        self._database = database
        self._reads = reads
        self._changes = changes
        self._served = served
        self._coalescer = Coalescer(database)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/jobs", self.create),
            web.get("/v1/jobs", self.page),
            web.get("/v1/jobs/{job_id}", self.read),
            web.patch("/v1/jobs/{job_id}", self.edit),
            web.delete("/v1/jobs/{job_id}", self.delete),
            web.post("/v1/jobs/{job_id}/pause", self.pause),
            web.post("/v1/jobs/{job_id}/resume", self.resume),
            web.post("/v1/jobs/{job_id}/cancel", self.cancel),
            web.post("/v1/jobs/{job_id}/run", self.run),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Without an Idempotency-Key the request shares a statement with others; the answer comes after its commit."""
        caller = caller_of(request)
        caller.principal.require(Role.OPERATOR)
        raw = await read_json(request)
        if IDEMPOTENCY_KEY not in request.headers:
            return respond(_created(await self._coalescer.create(raw, caller), await self._served.fleet()))
        body = parse_object(raw)
        new = NewJob(definition=decode(body), caller=caller)

        async def work(change: OpenChange) -> JsonAnswer:
            return _created(await create_one(change, new), await self._served.fleet())

        return await self._changes.make(request, work, body=canonical(body))

    async def page(self, request: web.Request) -> web.Response:
        wanted = JobPage(request)
        (found, next_cursor), headers = await self._reads.read(request, wanted.select)
        body = page_body(([shown(job, principal_of(request), wanted.fields) for job in found], next_cursor))
        return respond(JsonAnswer(body=body, headers=headers))

    async def read(self, request: web.Request) -> web.Response:
        job_id = path_id(request, "job_id")
        async with self._database.session() as unit:
            job = await unit.jobs.select_job(job_id, principal_of(request).scope)
        if job is None:
            raise NotFound(f"there is no job {job_id}")
        return respond(await self._answer(job, principal_of(request)))

    async def edit(self, request: web.Request) -> web.Response:
        principal_of(request).require(Role.OPERATOR)
        job_id, patch = path_id(request, "job_id"), await read_object(request, patch=True)

        async def work(change: OpenChange) -> JsonAnswer:
            fields = patch
            if not patch.keys().isdisjoint(READ_ONLY_FIELDS):
                fields = without_read_only(patch, await self._present(change, job_id))
            edited = await steps.edit(change, job_id, fields, request.headers.get(hdrs.IF_MATCH))
            return await self._answer(edited, change.principal)

        return await self._changes.make(request, work, body=canonical(patch))

    async def _present(self, change: OpenChange, job_id: int) -> dict[str, Any]:
        """The job as an answer has it now, in the types of JSON."""
        job = await change.unit.jobs.select_job(job_id, change.principal.scope)
        if job is None:
            raise NotFound(f"there is no job {job_id}")
        return parse_object(dump(shown(job, change.principal)))

    async def _answer(self, job: SeenJob, principal: Principal) -> JsonAnswer:
        body = shown_alone(job, principal, await self._served.fleet())
        return JsonAnswer(body=body, headers={"ETag": etag(job.version)})

    async def delete(self, request: web.Request) -> web.Response:
        principal_of(request).require(Role.OPERATOR)
        job_id = path_id(request, "job_id")

        async def work(change: OpenChange) -> JsonAnswer:
            await steps.delete(change, job_id, request.headers.get(hdrs.IF_MATCH))
            return JsonAnswer(status=204)

        return await self._changes.make(request, work)

    async def pause(self, request: web.Request) -> web.Response:
        return await self._step(request, steps.pause)

    async def resume(self, request: web.Request) -> web.Response:
        return await self._step(request, steps.resume)

    async def cancel(self, request: web.Request) -> web.Response:
        return await self._step(request, steps.cancel)

    async def _step(self, request: web.Request, step: Step) -> web.Response:
        principal_of(request).require(Role.OPERATOR)
        job_id = path_id(request, "job_id")

        async def work(change: OpenChange) -> JsonAnswer:
            return await self._answer(await step(change, job_id), change.principal)

        return await self._changes.make(request, work)

    async def run(self, request: web.Request) -> web.Response:
        """A runner runs the job as it is defined; another payload is a definition of its own."""
        principal_of(request).require(Role.RUNNER)
        job_id, body = path_id(request, "job_id"), await read_object(request, optional=True)
        override = decode_override(body)
        if "payload" in override:
            principal_of(request).require(Role.OPERATOR)

        async def work(change: OpenChange) -> JsonAnswer:
            execution = await run(change, job_id, override)
            headers = {"Location": f"/v1/executions/{execution.execution_id}"}
            body = shown_execution(execution, await self._served.fleet())
            return JsonAnswer(status=202, body=body, headers=headers)

        return await self._changes.make(request, work, body=canonical(body))


def _created(created: Created, fleet: Fleet) -> JsonAnswer:
    headers = {"Location": f"/v1/jobs/{created.job_id}", "ETag": etag(1)}
    wanted = created.definition
    lack = fleet.lacks(wanted.pool, datasource_of(wanted.job_type, wanted.payload))
    body = orjson.Fragment(b'{%b,"warnings":%b}' % (created.shown, orjson.dumps(warnings(lack))))
    return JsonAnswer(status=201, body=body, headers=headers)
