"""/v1/jobs."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from foliot.api.jobs import steps as jobs
from foliot.api.jobs.coalescer import Coalescer
from foliot.api.jobs.creation import Created, NewJob, create_one
from foliot.api.jobs.definition import convert_fields, decode
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.job_pages import JobPage
from foliot.api.web.auth import Role
from foliot.api.web.bodies import Answer, parse_object, read_json, read_object, respond
from foliot.api.web.callers import caller_of, principal_of
from foliot.api.web.changes import IDEMPOTENCY_KEY, Change, canonical, change
from foliot.api.web.pages import page, path_id
from foliot.api.web.reads import Reads
from foliot.api.web.requests import RunOverride
from foliot.common.errors import FieldError, Invalid, NotFound
from foliot.common.ledger.job import Job
from foliot.common.model import payloads
from foliot.common.model.payloads.checks import PayloadError


class JobHandlers:
    def __init__(self, database: UnitsOfWork, reads: Reads) -> None:
        self._database = database
        self._reads = reads
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

        async def work(under_way: Change) -> Answer:
            return _created(await create_one(under_way, new))

        return await change(request, self._database, work, body=canonical(body))

    async def page(self, request: web.Request) -> web.Response:
        wanted = JobPage(request)
        (found, next_cursor), headers = await self._reads.read(request, wanted.select)
        return respond(Answer(body=page([jobs.view(job) for job in found], next_cursor), headers=headers))

    async def read(self, request: web.Request) -> web.Response:
        job_id = path_id(request, "job_id")
        async with self._database.session() as unit:
            job = await unit.jobs.select_job(job_id, principal_of(request).scope)
        if job is None:
            raise NotFound(f"there is no job {job_id}")
        return respond(_answer(job))

    async def edit(self, request: web.Request) -> web.Response:
        principal_of(request).require(Role.OPERATOR)
        job_id, patch = path_id(request, "job_id"), await read_object(request, patch=True)

        async def work(under_way: Change) -> Answer:
            return _answer(await jobs.edit(under_way, job_id, patch, request.headers.get("If-Match")))

        return await change(request, self._database, work, body=canonical(patch))

    async def delete(self, request: web.Request) -> web.Response:
        principal_of(request).require(Role.OPERATOR)
        job_id = path_id(request, "job_id")

        async def work(under_way: Change) -> Answer:
            await jobs.delete(under_way, job_id, request.headers.get("If-Match"))
            return Answer(status=204)

        return await change(request, self._database, work)

    async def pause(self, request: web.Request) -> web.Response:
        return await self._step(request, jobs.pause)

    async def resume(self, request: web.Request) -> web.Response:
        return await self._step(request, jobs.resume)

    async def cancel(self, request: web.Request) -> web.Response:
        return await self._step(request, jobs.cancel)

    async def _step(self, request: web.Request, step: Any) -> web.Response:
        principal_of(request).require(Role.OPERATOR)
        job_id = path_id(request, "job_id")

        async def work(under_way: Change) -> Answer:
            return _answer(await step(under_way, job_id))

        return await change(request, self._database, work)

    async def run(self, request: web.Request) -> web.Response:
        principal_of(request).require(Role.OPERATOR)
        job_id, body = path_id(request, "job_id"), await read_object(request, optional=True)
        override, errors = convert_fields(body, RunOverride, "")
        if errors:
            raise Invalid(errors)

        async def work(under_way: Change) -> Answer:
            if "payload" in override:
                await _check_payload(under_way, job_id, override["payload"])
            execution = await jobs.run(under_way, job_id, override)
            return Answer(status=202, body=execution, headers={"Location": f"/v1/executions/{execution.execution_id}"})

        return await change(request, self._database, work, body=canonical(body))


def _created(created: Created) -> Answer:
    headers = {"Location": f"/v1/jobs/{created.job_id}", "ETag": jobs.etag(1)}
    return Answer(status=201, body=created.shown, headers=headers)


async def _check_payload(under_way: Change, job_id: int, payload: dict[str, Any]) -> None:
    job, _ = await jobs.locked(under_way, job_id)
    try:
        payloads.decode(job.job_type, payload)
    except PayloadError as error:
        raise Invalid([FieldError(field, message) for field, message in error.errors]) from None


def _answer(job: Job) -> Answer:
    return Answer(body=jobs.view(job), headers={"ETag": jobs.etag(job.version)})
