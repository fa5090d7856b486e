"""/v1/operations: bulk changes of many jobs, under way and done."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from foliot.api.bulk.results import BulkItem, Outcome, RowError, row_of
from foliot.api.queries.bounds import LAST_ID
from foliot.api.queries.operations import DoneRow, OperationRow
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.web.answers import JsonAnswer, respond
from foliot.api.web.call import Call
from foliot.api.web.changes import Changes
from foliot.api.web.open_change import OpenChange
from foliot.api.web.pages import PageQuery, cut, place_of
from foliot.common.errors import Conflict, NotFound


class OperationWithResults(OperationRow, frozen=True):
    """An operation, with a page of the rows that are done or failed."""

    results: list[BulkItem]
    next_cursor: str | None


class OperationList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of operations."""

    items: list[OperationRow]
    next_cursor: str | None


class OperationHandlers:
    def __init__(self, database: UnitsOfWork, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    async def page(self, call: Call[PageQuery, None]) -> web.Response:
        limit, owner = call.query.limit, call.scope.owner
        before = (place_of(call.query.cursor, int) or (LAST_ID,))[0]
        async with self._database.session() as unit:
            if owner is None:
                found = await unit.operations.list_operations(before, limit + 1)
            else:
                found = await unit.operations.list_owned_operations(before, limit + 1, owner)
        items, next_cursor = cut(found, limit, lambda one: (one.operation_id,))
        return respond(JsonAnswer(body=OperationList(items=items, next_cursor=next_cursor)))

    async def read(self, call: Call[PageQuery, None]) -> web.Response:
        operation_id, limit = call.ids["operation_id"], call.query.limit
        first = (place_of(call.query.cursor, int, most=2**31 - 1) or (0,))[0]
        async with self._database.session() as unit:
            operation = await unit.operations.select_operation(operation_id, call.scope.owner)
            if operation is None:
                raise NotFound(f"there is no operation {operation_id}")
            found = await unit.operations.list_rows(operation_id, first, limit + 1)
        rows, next_cursor = cut(found, limit, lambda row: (row.index + 1,))
        shown = msgspec.structs.asdict(operation)
        body = OperationWithResults(**shown, results=[_shown(row) for row in rows], next_cursor=next_cursor)
        return respond(JsonAnswer(body=body))

    async def cancel(self, call: Call[None, None]) -> web.Response:
        """A chunk that is being done is finished."""
        operation_id, owner = call.ids["operation_id"], call.scope.owner

        async def work(change: OpenChange) -> JsonAnswer:
            ended = await change.unit.operations.end_operation(operation_id, "CANCELLED", None, owner)
            if ended is None:
                present = await change.unit.operations.select_operation(operation_id, owner)
                if present is None:
                    raise NotFound(f"there is no operation {operation_id}")
                raise Conflict("state", f"cannot cancel operation {operation_id}: it is {present.status}")
            await change.audit("CANCEL_OPERATION", "OPERATION", operation_id, team_id=ended.team_id)
            return JsonAnswer(body=ended)

        return await self._changes.make(call, work)


def _shown(row: DoneRow) -> BulkItem:
    error: Any = None if row.error is None else msgspec.convert(row.error, RowError)
    shown = row_of(row.index, Outcome(row.job_id, error), row.job_key)
    return shown if row.change is None else msgspec.structs.replace(shown, change=row.change)
