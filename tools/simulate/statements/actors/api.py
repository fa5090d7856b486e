"""Callers of a story: each request is a process of its own, through the product's own changes and steps."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import orjson
from aiohttp.test_utils import make_mocked_request

from foliot.api.bulk.applying import Undone
from foliot.api.jobs import dead_letters, steps
from foliot.api.jobs.creation import Created, NewJob, create_one
from foliot.api.jobs.definition import decode
from foliot.api.jobs.putting import Put, put, with_key
from foliot.api.jobs.rollback import rollback
from foliot.api.jobs.run_now import decode_override, run
from foliot.api.operations.table import OPERATIONS
from foliot.api.queries.unit import Unit
from foliot.api.web.answers import JsonAnswer
from foliot.api.web.auth import Principal, Role
from foliot.api.web.call import Call
from foliot.api.web.callers import Caller
from foliot.api.web.changes import Changes
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import Conflict, Invalid, NotFound, Unavailable
from simulate.statements.stage import Stage

REFUSALS = (Conflict, Invalid, NotFound, Undone, Unavailable)
"""Answers that a caller may get: 409, 422, 404, an apply that is not done, and 503 while PostgreSQL is away."""
Work = Callable[[OpenChange], Awaitable[JsonAnswer]]


class Callers:
    """`answered` hears of each change that was answered with success: the action, the job, the answer."""

    def __init__(self, stage: Stage, answered: Callable[[str, int, dict[str, Any]], None]) -> None:
        self._stage = stage
        self._answered = answered
        self._numbers = itertools.count(1)
        self._request = make_mocked_request("POST", "/")  # without headers; no step looks at it

    def create(self, body: dict[str, Any]) -> None:
        self.ask("create", 0, lambda caller: self._creation(caller, body))

    def _creation(self, caller: Caller, body: dict[str, Any]) -> Work:
        new = NewJob(definition=decode(body), caller=caller)

        async def work(change: OpenChange) -> JsonAnswer:
            made = await create_one(change, new)
            return JsonAnswer(status=201, body=orjson.loads(b"{%b}" % made.shown))

        return work

    def edit(self, job_id: int, patch: dict[str, Any]) -> None:
        self._step("edit", job_id, lambda change: steps.edit(change, job_id, patch, None))

    def pause(self, job_id: int) -> None:
        self._step("pause", job_id, lambda change: steps.pause(change, job_id))

    def resume(self, job_id: int) -> None:
        self._step("resume", job_id, lambda change: steps.resume(change, job_id))

    def cancel(self, job_id: int) -> None:
        self._step("cancel", job_id, lambda change: steps.cancel(change, job_id))

    def delete(self, job_id: int) -> None:
        self._step("delete", job_id, lambda change: steps.delete(change, job_id, None))

    def ended(self, job_id: int) -> bool:
        """True if somebody has cancelled or deleted it, as far as answers tell."""
        return job_id in self._stage.effects.cancelled

    def restore(self, job_id: int) -> None:
        self._stage.effects.restored.add(job_id)
        self._step("restore", job_id, lambda change: steps.restore(change, job_id))

    def roll_back(self, job_id: int, version: int) -> None:
        self._step("rollback", job_id, lambda change: rollback(change, job_id, version, None))

    def put(self, key: str, body: dict[str, Any]) -> None:
        self.ask("put", 0, lambda caller: _putting(body, key))

    def run(self, job_id: int, override: dict[str, Any]) -> None:
        if override.get("overlap_policy") == "allow":
            self._stage.effects.overlapping.add(job_id)
        self._step("run", job_id, lambda change: run(change, job_id, decode_override(override)))

    def replay(self, job_id: int) -> None:
        self._stage.effects.overlapping.add(job_id)
        self._step("replay", job_id, lambda change: dead_letters.replay(change, _letters_of(job_id)))

    def discard(self, job_id: int) -> None:
        self._step("discard", job_id, lambda change: dead_letters.discard(change, _letters_of(job_id)))

    def _step(self, action: str, job_id: int, step: Callable[[OpenChange], Awaitable[Any]]) -> None:
        async def work(change: OpenChange) -> JsonAnswer:
            return JsonAnswer(body=msgspec.to_builtins(await step(change)))

        self.ask(action, job_id, lambda caller: work)

    def ask(self, action: str, job_id: int, work_for: Callable[[Caller], Work]) -> None:
        name = f"call-{next(self._numbers)} {action} {job_id}"

        calls = self._stage.effects.calls

        async def asking() -> None:
            caller = Caller(
                principal=Principal(1, 1, None, Role.ADMIN),
                request_id=name,
                traceparent=None,
                ip_address=None,
                user_agent="",
            )
            call = Call(OPERATIONS[0], self._request, caller, {}, None, None, None)
            changes = Changes(self._stage.database("api", Unit, name), self._stage.clock(name))
            calls[name] = "unknown"
            try:
                response = await changes.make(call, work_for(caller))
            except (Conflict, Invalid, NotFound, Undone):
                calls[name] = "refused"
                raise
            calls[name] = "done"
            body = msgspec.json.decode(bytes(response.body)) if response.body else None  # type: ignore[arg-type]
            if isinstance(body, dict) and "results" in body:
                self._stage.effects.results[name] = body["results"]
            self._answered(action, job_id, body if isinstance(body, dict) else {})

        self._stage.start(asking(), name, tolerates=REFUSALS)


def _putting(body: dict[str, Any], key: str) -> Work:
    wanted = Put(key=key, body=with_key(body, key), if_match=None, if_none_match=None, shown=msgspec.to_builtins)

    async def work(change: OpenChange) -> JsonAnswer:
        found = await put(change, wanted)
        if isinstance(found, Created):
            return JsonAnswer(status=201, body=orjson.loads(b"{%b}" % found.shown))
        return JsonAnswer(body=msgspec.to_builtins(found))

    return work


def _letters_of(job_id: int) -> dead_letters.LetterRequest:
    return dead_letters.LetterRequest(filter=dead_letters.LetterFilter(job_id=job_id))
