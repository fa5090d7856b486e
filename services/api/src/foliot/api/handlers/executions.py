"""/v1/executions, and the executions of a job."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from foliot.api.queries.bounds import LAST_ATTEMPT, LAST_TIME
from foliot.api.queries.history import ExecutionWithLogs
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.execution import shown_execution
from foliot.api.views.execution_pages import ExecutionPage
from foliot.api.views.served import Served
from foliot.api.web.auth import Role
from foliot.api.web.bodies import JsonAnswer, respond
from foliot.api.web.callers import principal_of
from foliot.api.web.changes import Changes
from foliot.api.web.open_change import OpenChange
from foliot.api.web.pages import Page, cursor_of, cut, limit_of, page_body
from foliot.api.web.parameters import check_names, path_id
from foliot.api.web.reads import Reads
from foliot.common.errors import Conflict, NotFound
from foliot.common.ledger.conclude import end_runs
from foliot.common.model.execution import Execution, Handle
from foliot.common.model.states import ExecutionStatus


class ExecutionHandlers:
    def __init__(self, database: UnitsOfWork, reads: Reads, changes: Changes, served: Served) -> None:
        self._database = database
        self._reads = reads
        self._changes = changes
        self._served = served

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
        return respond(JsonAnswer(body=page_body(await self._shown(page))))

    async def page(self, request: web.Request) -> web.Response:
        """Of one job from the primary, of all jobs from wherever lists are read."""
        wanted = ExecutionPage(request)
        if wanted.job_id is None:
            page, headers = await self._reads.read(request, wanted.select)
        else:
            headers = {}
            async with self._database.session() as unit:
                page = await wanted.select_of_job(unit, wanted.job_id)
        return respond(JsonAnswer(body=page_body(await self._shown(page)), headers=headers))

    async def _shown(self, page: Page[Execution]) -> Page[dict[str, Any]]:
        fleet = await self._served.fleet()
        return [shown_execution(execution, fleet) for execution in page[0]], page[1]

    async def read(self, request: web.Request) -> web.Response:
        execution = await self._visible(request)
        return respond(JsonAnswer(body=shown_execution(execution, await self._served.fleet())))

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
            teams = await change.unit.runs.lock_jobs([execution.job_id])
            cancelled = await change.unit.endings.cancel_execution(Handle(execution_id, execution.scheduled_time))
            if cancelled is None:
                raise Conflict("state", f"execution {execution_id} has ended already")
            if cancelled.status == ExecutionStatus.CANCELLED:
                await end_runs(change.unit, [cancelled.job_id], {cancelled.job_id: cancelled.status})
            team_id, new = teams.get(execution.job_id), {"job_id": execution.job_id}
            await change.audit("CANCEL_EXECUTION", "EXECUTION", execution_id, new=new, team_id=team_id)
            await change.wake()
            return JsonAnswer(status=202, body=shown_execution(cancelled, await self._served.fleet()))

        return await self._changes.make(request, work)
