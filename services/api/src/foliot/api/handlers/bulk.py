"""/v1/jobs/bulk."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from foliot.api.bulk import operations, request
from foliot.api.bulk.actions import act, choose, fitting, told
from foliot.api.bulk.applying import Undone, apply, check_prune
from foliot.api.bulk.plan import Planned, plan
from foliot.api.bulk.request import BulkCall, BulkRequest
from foliot.api.bulk.results import BulkResult, Outcome, counted, row_of, undone
from foliot.api.bulk.storing import Row, create, own, read
from foliot.api.queries.operations import OperationRow
from foliot.api.web.answers import JsonAnswer, respond
from foliot.api.web.auth import Role
from foliot.api.web.bodies import NDJSON
from foliot.api.web.call import Call
from foliot.api.web.changes import Changes
from foliot.api.web.open_change import OpenChange

MAX_AT_ONCE = 1_000
"""Jobs that one transaction changes; more become an operation."""


class BulkHandlers:
    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    async def bulk(self, call: Call[None, bytes]) -> web.Response:
        """A runner runs jobs as they are defined; all other actions are an operator's."""
        given = request.decode(call.body, lines=call.request.content_type == NDJSON)
        if given.request.action != "run":
            call.principal.require(Role.OPERATOR)
        rows = await read(given.jobs, keyed=given.request.action == "apply")

        async def work(change: OpenChange) -> JsonAnswer:
            answer = await _answer(change, given, rows)
            if not isinstance(answer, OperationRow):
                return JsonAnswer(body=answer)
            return JsonAnswer(status=202, body=answer, headers={"Location": f"/v1/operations/{answer.operation_id}"})

        try:
            return await self._changes.make(call, work)
        except Undone as nothing:
            return respond(JsonAnswer(body=nothing.result))


async def _answer(change: OpenChange, given: BulkCall, rows: Sequence[Row]) -> BulkResult | OperationRow:
    wanted = given.request
    if wanted.action == "create":
        return await _create(change, wanted, rows)
    if wanted.action == "apply":
        return await _apply(change, wanted, rows)
    job_ids = await choose(change.unit, wanted, change.principal.scope)
    if wanted.dry_run:
        return await told(change, job_ids)
    arguments = {} if wanted.labels is None else {"labels": wanted.labels}
    if await _are_too_many(change, job_ids):
        meant = [Planned(change="same", job_id=job_id) for job_id in job_ids]
        return await operations.begin(change, wanted.action, arguments, meant)
    outcomes = await act(change, wanted.action, arguments, job_ids)
    return counted([row_of(index, one) for index, one in enumerate(outcomes)])


async def _are_too_many(change: OpenChange, job_ids: Sequence[int | None]) -> bool:
    """True if one transaction may not change them all, for their number or for the size of their payloads."""
    if len(job_ids) > MAX_AT_ONCE:
        return True
    return await fitting(change.unit, job_ids, change.principal.scope) < len(job_ids)


async def _create(change: OpenChange, wanted: BulkRequest, rows: Sequence[Row]) -> BulkResult:
    if wanted.dry_run:
        return undone([row_of(row.index, Outcome(None, row.error)) for row in rows])
    outcomes = await create(change, rows)
    return counted([row_of(row.index, one, row.job_key) for row, one in zip(rows, outcomes, strict=True)])


async def _apply(change: OpenChange, wanted: BulkRequest, rows: Sequence[Row]) -> BulkResult | OperationRow:
    """A plan with an error is answered as it is, and nothing is done."""
    assert wanted.set is not None
    planned = await plan(change.unit, own(change), wanted, rows)
    if wanted.dry_run or any(one.error is not None for one in planned):
        return undone([one.shown() for one in planned])
    check_prune(wanted.set, wanted.prune, planned)
    if wanted.prune is None:
        planned = [one for one in planned if one.change != "delete"]
    changing = [one for one in planned if one.change != "same"]
    if await _are_too_many(change, [one.job_id for one in changing]):
        return await operations.begin(change, "apply", {}, changing, of_set=wanted.set)
    return await apply(change, wanted.set, planned, changing)
