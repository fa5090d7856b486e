"""/v1/executions, and the executions of a job."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from foliot.api.queries.bounds import LAST_ATTEMPT, LAST_TIME
from foliot.api.queries.history import ExecutionWithLogs
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.execution import ExecutionList, shown_execution, shown_with_logs
from foliot.api.views.execution_pages import ExecutionPage, ExecutionQuery
from foliot.api.views.served import Served
from foliot.api.views.stored_output import OutputQuery, stored_output
from foliot.api.views.waits import Awaited, WaitQuery, Waits
from foliot.api.web.answers import JsonAnswer, respond
from foliot.api.web.call import Call
from foliot.api.web.changes import Changes
from foliot.api.web.open_change import OpenChange
from foliot.api.web.pages import Page, PageQuery, cut, place_of
from foliot.api.web.reads import Reads
from foliot.common.errors import Conflict, NotFound
from foliot.common.ledger.conclude import end_runs
from foliot.common.model.execution import Execution, Handle
from foliot.common.model.states import ExecutionStatus


class ExecutionHandlers:
    def __init__(self, database: UnitsOfWork, reads: Reads, changes: Changes, served: Served, waits: Waits) -> None:
        self._database = database
        self._reads = reads
        self._changes = changes
        self._served = served
        self._waits = waits

    async def list_of_job(self, call: Call[PageQuery, None]) -> web.Response:
        job_id, limit = call.ids["job_id"], call.query.limit
        place = place_of(call.query.cursor, datetime, int, most=LAST_ATTEMPT) or (LAST_TIME, LAST_ATTEMPT)
        async with self._database.session() as unit:
            if await unit.jobs.select_job(job_id, call.scope) is None:
                raise NotFound(f"there is no job {job_id}")
            found = await unit.history.list_by_job(job_id, (place[0], place[1]), limit + 1)
        page = cut(found, limit, lambda execution: (execution.scheduled_time, execution.attempt_number))
        return respond(JsonAnswer(body=await self._shown(page)))

    async def page(self, call: Call[ExecutionQuery, None]) -> web.Response:
        """Of one job from the primary, of all jobs from wherever lists are read."""
        wanted = ExecutionPage(call.query, call.scope)
        if wanted.job_id is None:
            page, headers = await self._reads.read(call, wanted.select)
        else:
            headers = {}
            async with self._database.session() as unit:
                page = await wanted.select_of_job(unit, wanted.job_id)
        return respond(JsonAnswer(body=await self._shown(page), headers=headers))

    async def _shown(self, page: Page[Execution]) -> ExecutionList:
        fleet = await self._served.fleet()
        return ExecutionList(items=[shown_execution(one, fleet) for one in page[0]], next_cursor=page[1])

    async def read(self, call: Call[WaitQuery, None]) -> web.Response:
        execution = await self._visible(call)
        if call.query.wait is not None and execution.end_time is None:
            what = Awaited(execution.job_id, execution.scheduled_time, execution.attempt_number)
            await self._waits.end_of(call, what)
            execution = await self._visible(call)
        body = shown_with_logs(execution, call.principal, await self._served.fleet())
        return respond(JsonAnswer(body=body))

    async def logs(self, call: Call[OutputQuery, None]) -> web.Response:
        found = stored_output(await self._visible(call), call.query.offset)
        if call.query.raw != "false":
            return web.Response(text=found.logs, content_type="text/plain", charset="utf-8")
        return respond(JsonAnswer(body=found))

    async def _visible(self, call: Call[Any, None]) -> ExecutionWithLogs:
        execution_id = call.ids["execution_id"]
        async with self._database.session() as unit:
            found = await unit.history.select_execution(execution_id, call.scope)
        if found is None:
            raise NotFound(f"there is no execution {execution_id}")
        return found

    async def cancel(self, call: Call[None, None]) -> web.Response:
        execution = await self._visible(call)
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

        return await self._changes.make(call, work)
