"""/v1/executions, and the executions of a job."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from foliot.api.queries.history import ExecutionWithLogs
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.execution_pages import ExecutionPage
from foliot.api.web.auth import Role
from foliot.api.web.bodies import Answer, respond
from foliot.api.web.callers import principal_of
from foliot.api.web.changes import Change, change
from foliot.api.web.pages import (
    LAST_TIME,
    check_names,
    cursor,
    cursor_of,
    limit_of,
    page,
    path_id,
)
from foliot.api.web.reads import Reads
from foliot.common.errors import Conflict, NotFound
from foliot.common.ledger.conclude import end_runs
from foliot.common.model.execution import Handle
from foliot.common.model.states import ExecutionStatus


class ExecutionHandlers:
    def __init__(self, database: UnitsOfWork, reads: Reads) -> None:
        self._database = database
        self._reads = reads

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
        before = cursor_of(request, datetime, int) or (LAST_TIME, 2**31 - 1)
        async with self._database.session() as unit:
            if await unit.jobs.select_job(job_id, principal_of(request).scope) is None:
                raise NotFound(f"there is no job {job_id}")
            found = await unit.history.list_by_job(job_id, (before[0], before[1]), limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        next_cursor = cursor(last.scheduled_time.isoformat(), last.attempt_number) if last else None
        return respond(Answer(body=page(found[:limit], next_cursor)))

    async def page(self, request: web.Request) -> web.Response:
        wanted = ExecutionPage(request)
        if wanted.job_id is None:
            (found, next_cursor), headers = await self._reads.read(request, wanted.select)
        else:
            headers = {}
            async with self._database.session() as unit:
                found, next_cursor = await wanted.select_of_job(unit, wanted.job_id)
        return respond(Answer(body=page(found, next_cursor), headers=headers))

    async def read(self, request: web.Request) -> web.Response:
        return respond(Answer(body=await self._visible(request)))

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

        async def work(under_way: Change) -> Answer:
            cancelled = await under_way.unit.endings.cancel_execution(
                Handle(execution.execution_id, execution.scheduled_time)
            )
            if cancelled is None:
                raise Conflict("state", f"execution {execution.execution_id} has ended already")
            if cancelled.status == ExecutionStatus.CANCELLED:
                await end_runs(under_way.unit, [cancelled.job_id])
            await under_way.audit(
                "CANCEL_EXECUTION", "EXECUTION", execution.execution_id, new={"job_id": execution.job_id}
            )
            await under_way.wake()
            return Answer(status=202, body=cancelled)

        return await change(request, self._database, work)
