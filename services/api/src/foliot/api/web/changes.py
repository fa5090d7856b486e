"""Every change goes this way: one transaction with its audit row, its idempotent answer and its wake-up."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog
from aiohttp import web
from multidict import istr

from foliot.api import events
from foliot.api.queries.idempotency_keys import KeptAnswer, RequestKey
from foliot.api.queries.unit import Unit, UnitsOfWork
from foliot.api.web.bodies import Answer, dump, respond
from foliot.api.web.callers import Caller, caller_of, principal_of
from foliot.api.web.problems import problem_body
from foliot.common.errors import Conflict, FieldError, Invalid
from foliot.common.ledger.audit_logs import AuditEntry
from foliot.common.ledger.wakeup import wake_scheduler
from foliot.common.model.tracing import trace_id

IDEMPOTENCY_KEY = istr("Idempotency-Key")
WAIT_FOR_FIRST = 5.0
LOOK_EVERY = 0.05
_log = structlog.get_logger()


class Change:
    """One request that changes something: who asks, and what is to be audited."""

    def __init__(self, request: web.Request, unit: Unit) -> None:
        self.unit = unit
        self.caller = caller_of(request)
        self.principal = self.caller.principal
        self._done: list[tuple[str, str, int]] = []

    async def audit(
        self, action: str, resource_type: str, resource_id: int, *,
        old: dict[str, Any] | None = None, new: dict[str, Any] | None = None, team_id: int | None = None,
    ) -> None:  # fmt: skip
        entry = self.entry(action, resource_type, resource_id, old=old, new=new, team_id=team_id)
        await self.unit.audit_logs.insert_audit(entry)

    def entry(
        self, action: str, resource_type: str, resource_id: int, *,
        old: dict[str, Any] | None = None, new: dict[str, Any] | None = None, team_id: int | None = None,
    ) -> AuditEntry:  # fmt: skip
        """What is to be audited in this transaction; noted."""
        self.note(action, resource_type, resource_id)
        return AuditEntry(
            user_id=self.principal.user_id, team_id=team_id, action=action, resource_type=resource_type,
            resource_id=resource_id, old_value=old, new_value=new, ip_address=self.caller.ip_address,
            user_agent=self.caller.user_agent, request_id=self.caller.request_id,
        )  # fmt: skip

    def note(self, action: str, resource_type: str, resource_id: int) -> None:
        """What was audited, for the log line after the commit."""
        self._done.append((action, resource_type, resource_id))

    async def wake(self) -> None:
        await wake_scheduler(self.unit.session)

    def report(self) -> None:
        """One line a change, after the commit."""
        for action, resource_type, resource_id in self._done:
            report(_log, self.caller, action, resource_type, resource_id)


def report(log: Any, caller: Caller, action: str, resource_type: str, resource_id: int) -> None:
    """The one line of a change: who did what, asked by which request."""
    who = caller.principal
    log.info(
        events.CHANGED, request_id=caller.request_id, trace_id=trace_id(caller.traceparent), action=action,
        user_id=who.user_id, team_id=who.team_id, key_id=who.key_id, **{f"{resource_type.lower()}_id": resource_id},
    )  # fmt: skip


Work = Callable[[Change], Awaitable[Answer]]


async def change(
    request: web.Request,
    database: UnitsOfWork,
    work: Work,
    *,
    body: bytes = b"",
    hidden: tuple[str, ...] = (),
) -> web.Response:
    """Run `work` in one transaction. With an Idempotency-Key the answer is kept in that transaction (without the
    members `hidden`) and given again to the same request; other answers than 2xx and 409 leave no trace."""
    key = _request_key(request)
    if key is None:
        return respond(await _run(request, database, work))
    request_hash = hashlib.sha256(body).digest()
    deadline = asyncio.get_running_loop().time() + WAIT_FOR_FIRST
    while True:
        response = await _try(request, database, work, key, request_hash, hidden)
        if response is not None:
            return response
        if asyncio.get_running_loop().time() > deadline:
            raise Conflict("in_flight", "a request with this Idempotency-Key is still being answered; try again later")
        await asyncio.sleep(LOOK_EVERY)


async def _run(request: web.Request, database: UnitsOfWork, work: Work) -> Answer:
    async with database.transaction() as unit:
        under_way = Change(request, unit)
        answer = await work(under_way)
    under_way.report()
    return answer


async def _try(
    request: web.Request,
    database: UnitsOfWork,
    work: Work,
    key: RequestKey,
    request_hash: bytes,
    hidden: tuple[str, ...],
) -> web.Response | None:
    """The answer, or None while the first request with this key is in flight."""
    try:
        async with database.transaction() as unit:
            if not await unit.idempotency_keys.lock_key(key):
                return None
            kept = await unit.idempotency_keys.select_answer(key)
            if kept is not None:
                return _again(kept, request_hash)
            under_way = Change(request, unit)
            answer = await work(under_way)
            await _keep(unit, key, request_hash, answer, hidden)
    except Conflict as error:
        refused = Answer(status=409, body=problem_body(409, error.code, str(error), caller_of(request).request_id))
        async with database.transaction() as unit:
            if await unit.idempotency_keys.lock_key(key):
                await _keep(unit, key, request_hash, refused, ())
        raise
    under_way.report()
    return respond(answer)


async def _keep(unit: Unit, key: RequestKey, request_hash: bytes, answer: Answer, hidden: tuple[str, ...]) -> None:
    body = answer.body
    if hidden:
        body = {name: value for name, value in body.items() if name not in hidden}
    text = "" if body is None else dump(body).decode()
    await unit.idempotency_keys.insert_answer(key, request_hash, answer.status, answer.headers, text)


def _again(kept: KeptAnswer, request_hash: bytes) -> web.Response:
    if bytes(kept.request_hash) != request_hash:
        raise Invalid(
            [FieldError("Idempotency-Key", "was used with another body within 24 h: use a new key")],
            "idempotency_key_reused",
        )
    content_type = "application/problem+json" if kept.status == 409 else "application/json"
    if not kept.body:
        return web.Response(status=kept.status, headers=kept.headers)
    return web.Response(body=kept.body.encode(), status=kept.status, headers=kept.headers, content_type=content_type)


def _request_key(request: web.Request) -> RequestKey | None:
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return None
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Invalid([FieldError("Idempotency-Key", "must have 1 to 255 printable characters")])
    principal = principal_of(request)
    return RequestKey(principal.user_id, principal.team_id or 0, request.method, request.path, key)


def canonical(body: dict[str, Any]) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
