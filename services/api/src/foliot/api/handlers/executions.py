"""/v1/executions, and the executions of a job."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from foliot.api.queries.bounds import LAST_ATTEMPT, LAST_TIME
from foliot.api.queries.history import ExecutionWithLogs
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.execution_pages import ExecutionPage
from foliot.api.web.auth import Role
from foliot.api.web.bodies import JsonAnswer, respond
from foliot.api.web.callers import principal_of
from foliot.api.web.changes import Changes
from foliot.api.web.open_change import OpenChange
from foliot.api.web.pages import cursor_of, cut, limit_of, page_body
from foliot.api.web.parameters import check_names, path_id
from foliot.api.web.reads import Reads
from foliot.common.errors import Conflict, NotFound
from foliot.common.ledger.conclude import end_runs
from foliot.common.model.execution import Handle
from foliot.common.model.states import ExecutionStatus


class ExecutionHandlers:
    def __init__(self, database: UnitsOfWork, reads: Reads, changes: Changes) -> None:
        self._database = database
        self._reads = reads
        self._changes = changes

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/jobs/{job_id}/executions", self.list_of_job),
            web.get("/v1/executions", self.page),
            web.get("/v1/executions/{execution_id}", self.read),
            web.post("/v1/executions/{execution_id}/cancel", self.cancel),
        ]

    async def list_of_job(self, request: web.Request) -> web.Response:
        check_names(request, ("limit", "cursor"))
        job_id, limit = path_id(request, "job_id"), limit_of(request)
        before = cursor_of(request, datetime, int, most=LAST_ATTEMPT) or (LAST_TIME, LAST_ATTEMPT)
        async with self._database.session() as unit:
            if await unit.jobs.select_job(job_id, principal_of(request).scope) is None:
                raise NotFound(f"there is no job {job_id}")
            found = await unit.history.list_by_job(job_id, (before[0], before[1]), limit + 1)
        page = cut(found, limit, lambda execution: (execution.scheduled_time, execution.attempt_number))
        return respond(JsonAnswer(body=page_body(page)))

    async def page(self, request: web.Request) -> web.Response:
        """Of one job from the primary, of all jobs from wherever lists are read."""
        wanted = ExecutionPage(request)
        if wanted.job_id is None:
            page, headers = await self._reads.read(request, wanted.select)
        else:
            headers = {}
            async with self._database.session() as unit:
                page = await wanted.select_of_job(unit, wanted.job_id)
        return respond(JsonAnswer(body=page_body(page), headers=headers))

    async def read(self, request: web.Request) -> web.Response:
        return respond(JsonAnswer(body=await self._visible(request)))

    async def _visible(self, request: web.Request) -> ExecutionWithLogs:
        execution_id = path_id(request, "execution_id")
        async with self._database.session() as unit:
            found = await unit.history.select_execution(execution_id, principal_of(request).scope)
        if found is None:
            raise NotFound(f"there is no execution {execution_id}")
        return found

    async def cancel(self, request: web.Request) -> web.Response:
        principal_of(request).require(Role.OPERATOR)
        execution = await self._visible(request)
        execution_id = execution.execution_id

        async def work(change: OpenChange) -> JsonAnswer:
            cancelled = await change.unit.endings.cancel_execution(Handle(execution_id, execution.scheduled_time))
            if cancelled is None:
                raise Conflict("state", f"execution {execution_id} has ended already")
            if cancelled.status == ExecutionStatus.CANCELLED:
                await end_runs(change.unit, [cancelled.job_id])
            await change.audit("CANCEL_EXECUTION", "EXECUTION", execution_id, new={"job_id": execution.job_id})
            await change.wake()
            return JsonAnswer(status=202, body=cancelled)

        return await self._changes.make(request, work)
