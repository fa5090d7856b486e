"""Callers of many jobs at once, and the API processes that do the chunks of operations."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from foliot.api.bulk import operations
from foliot.api.bulk.actions import act
from foliot.api.bulk.applying import Undone, apply
from foliot.api.bulk.operations import OperationRunner
from foliot.api.bulk.plan import Planned, plan
from foliot.api.bulk.request import BulkRequest
from foliot.api.bulk.results import counted, row_of
from foliot.api.bulk.storing import own, read
from foliot.api.queries.unit import Unit
from foliot.api.web.answers import JsonAnswer
from foliot.api.web.callers import Caller
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import Unavailable
from simulate.statements.actors.api import Callers, Work
from simulate.statements.stage import Stage

SET = "a set"
operations.CHUNK = 2  # so that a story's few jobs are several chunks


class BulkCallers:
    """`callers`: those of single jobs, who ask in the same way."""

    def __init__(self, stage: Stage, callers: Callers) -> None:
        self._stage = stage
        self._callers = callers
        self._numbers = itertools.count(1)

    def act(self, action: str, job_ids: Sequence[int]) -> None:
        async def work(change: OpenChange) -> JsonAnswer:
            outcomes = await act(change, action, {"labels": {"a": "story"}}, job_ids)
            result = counted([row_of(index, one) for index, one in enumerate(outcomes)])
            return JsonAnswer(body=msgspec.to_builtins(result))

        self._callers.ask(f"many-{action}", 0, lambda caller: work)

    def operate(self, action: str, job_ids: Sequence[int]) -> None:
        async def work(change: OpenChange) -> JsonAnswer:
            rows = [Planned(change="same", job_id=job_id) for job_id in job_ids]
            await operations.begin(change, action, {"labels": {"a": "operation"}}, rows)
            return JsonAnswer(status=204)

        self._callers.ask(f"operate-{action}", 0, lambda caller: work)

    def apply(self, bodies: Sequence[dict[str, Any]]) -> None:
        """A set that becomes these jobs and no others, whatever it is."""
        self._callers.ask("apply", 0, lambda caller: self._application(caller, bodies))

    def _application(self, _caller: Caller, bodies: Sequence[dict[str, Any]]) -> Work:
        async def work(change: OpenChange) -> JsonAnswer:
            rows = await read([orjson.dumps(body) for body in bodies], keyed=True)
            planned = await plan(change.unit, own(change), BulkRequest(action="apply", set=SET), rows)
            changing = [one for one in planned if one.change != "same"]
            if any(one.error for one in planned):
                raise Undone(counted([]))
            return JsonAnswer(body=msgspec.to_builtins(await apply(change, SET, planned, changing)))

        return work

    def chunks(self) -> None:
        """An API process looks for operations under way, and does a chunk of each."""
        name = f"operations-{next(self._numbers)}"
        runner = OperationRunner(self._stage.database("api", Unit, name))

        async def working() -> None:
            await runner.step()

        self._stage.start(working(), name, tolerates=(Unavailable,))
