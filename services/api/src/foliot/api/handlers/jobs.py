"""/v1/jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from foliot.api.jobs import steps
from foliot.api.jobs.coalescer import Coalescer
from foliot.api.jobs.creation import Created, NewJob, create_one
from foliot.api.jobs.definition import decode
from foliot.api.jobs.run_now import decode_override, run
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.job import shown
from foliot.api.views.job_pages import JobPage
from foliot.api.web.auth import Principal, Role
from foliot.api.web.bodies import JsonAnswer, parse_object, read_json, read_object, respond
from foliot.api.web.callers import caller_of, principal_of
from foliot.api.web.changes import Changes
from foliot.api.web.etags import etag
from foliot.api.web.idempotency import IDEMPOTENCY_KEY, canonical
from foliot.api.web.open_change import OpenChange
from foliot.api.web.pages import page_body
from foliot.api.web.parameters import path_id
from foliot.api.web.reads import Reads
from foliot.common.errors import NotFound
from foliot.common.ledger.job import Job

Step = Callable[[OpenChange, int], Awaitable[Job]]
"""A step that needs nothing but the job_id."""


class JobHandlers:
    def __init__(self, database: UnitsOfWork, reads: Reads, changes: Changes) -> None:
        self._database = database
        self._reads = reads
        self._changes = changes
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
            return respond(_created(await self._coalescer.create(raw, caller)))
        body = parse_object(raw)
        new = NewJob(definition=decode(body), caller=caller)

        async def work(change: OpenChange) -> JsonAnswer:
            return _created(await create_one(change, new))

        return await self._changes.make(request, work, body=canonical(body))

    async def page(self, request: web.Request) -> web.Response:
        wanted = JobPage(request)
        (found, next_cursor), headers = await self._reads.read(request, wanted.select)
        body = page_body(([shown(job, principal_of(request)) for job in found], next_cursor))
        return respond(JsonAnswer(body=body, headers=headers))

    async def read(self, request: web.Request) -> web.Response:
        job_id = path_id(request, "job_id")
        async with self._database.session() as unit:
            job = await unit.jobs.select_job(job_id, principal_of(request).scope)
        if job is None:
            raise NotFound(f"there is no job {job_id}")
        return respond(_answer(job, principal_of(request)))

    async def edit(self, request: web.Request) -> web.Response:
        principal_of(request).require(Role.OPERATOR)
        job_id, patch = path_id(request, "job_id"), await read_object(request, patch=True)

        async def work(change: OpenChange) -> JsonAnswer:
            edited = await steps.edit(change, job_id, patch, request.headers.get(hdrs.IF_MATCH))
            return _answer(edited, change.principal)

        return await self._changes.make(request, work, body=canonical(patch))

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
            return _answer(await step(change, job_id), change.principal)

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
            return JsonAnswer(status=202, body=execution, headers=headers)

        return await self._changes.make(request, work, body=canonical(body))


def _created(created: Created) -> JsonAnswer:
    headers = {"Location": f"/v1/jobs/{created.job_id}", "ETag": etag(1)}
    return JsonAnswer(status=201, body=created.shown, headers=headers)


def _answer(job: Job, principal: Principal) -> JsonAnswer:
    return JsonAnswer(body=shown(job, principal), headers={"ETag": etag(job.version)})
