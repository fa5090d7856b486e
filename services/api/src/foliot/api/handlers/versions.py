"""/v1/jobs/{job_id}/versions, /rollback and /restore: what a job was, and the ways back."""

from __future__ import annotations

from aiohttp import web

from foliot.api.jobs.rollback import RollbackRequest, rollback
from foliot.api.jobs.steps import restore
from foliot.api.queries.jobs import SeenJob
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.job import shown
from foliot.api.views.served import Served
from foliot.api.views.versions import VersionQuery, version_list
from foliot.api.web.answers import JsonAnswer, respond
from foliot.api.web.call import Call
from foliot.api.web.changes import Changes
from foliot.api.web.etags import etag
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import NotFound


class VersionHandlers:
    def __init__(self, database: UnitsOfWork, changes: Changes, served: Served) -> None:
        self._database = database
        self._changes = changes
        self._served = served

    async def list_of_job(self, call: Call[VersionQuery, None]) -> web.Response:
        job_id = call.ids["job_id"]
        async with self._database.session() as unit:
            if await unit.jobs.select_job(job_id, call.scope) is None:
                raise NotFound(f"there is no job {job_id}")
            found = await version_list(unit, job_id, call.query, call.principal)
        return respond(JsonAnswer(body=found))

    async def rollback(self, call: Call[None, RollbackRequest]) -> web.Response:
        async def work(change: OpenChange) -> JsonAnswer:
            return await self._answer(
                change, await rollback(change, call.ids["job_id"], call.body.version, call.if_match)
            )

        return await self._changes.make(call, work)

    async def restore(self, call: Call[None, None]) -> web.Response:
        async def work(change: OpenChange) -> JsonAnswer:
            return await self._answer(change, await restore(change, call.ids["job_id"]))

        return await self._changes.make(call, work)

    async def _answer(self, change: OpenChange, job: SeenJob) -> JsonAnswer:
        body = shown(job, change.principal, await self._served.fleet())
        return JsonAnswer(body=body, headers={"ETag": etag(job.version)})
