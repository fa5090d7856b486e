"""/v1/workers, /v1/schedulers, /v1/dead-letters, /v1/audit-logs, /v1/api-keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from foliot.api.jobs import dead_letters
from foliot.api.jobs.definition import convert_fields
from foliot.api.queries.unit import Unit, UnitsOfWork
from foliot.api.web.auth import Role, hash_key, new_key
from foliot.api.web.bodies import Answer, read_object, respond
from foliot.api.web.callers import principal_of
from foliot.api.web.changes import Change, canonical, change
from foliot.api.web.pages import LAST_ID, LAST_TIME, check_names, cursor, cursor_of, limit_of, page, path_id
from foliot.api.web.reads import Reads
from foliot.api.web.requests import NewKey
from foliot.common.errors import Forbidden, Invalid, NotFound
from foliot.common.ledger.audit_logs import AuditRow
from foliot.common.ledger.dead_letters import LetterRow

LEASE = 30.0


class ClusterHandlers:
    def __init__(self, database: UnitsOfWork, reads: Reads) -> None:
        self._database = database
        self._reads = reads

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/workers", self.workers),
            web.get("/v1/schedulers", self.schedulers),
            web.get("/v1/dead-letters", self.dead_letters),
            web.post("/v1/dead-letters/replay", self.replay),
            web.delete("/v1/dead-letters", self.discard),
            web.get("/v1/audit-logs", self.audit_logs),
            web.get("/v1/api-keys", self.keys),
            web.post("/v1/api-keys", self.create_key),
            web.delete("/v1/api-keys/{key_id}", self.revoke_key),
        ]

    async def workers(self, request: web.Request) -> web.Response:
        check_names(request, ())
        async with self._database.session() as unit:
            return respond(Answer(body=page(await unit.workers.list_workers(LEASE), None)))

    async def schedulers(self, request: web.Request) -> web.Response:
        check_names(request, ())
        async with self._database.session() as unit:
            return respond(Answer(body=page(await unit.terms.list_schedulers(), None)))

    async def dead_letters(self, request: web.Request) -> web.Response:
        check_names(request, ("limit", "cursor"))
        limit, scope = limit_of(request), principal_of(request).scope
        before = cursor_of(request, datetime, int) or (LAST_TIME, LAST_ID)

        async def select(unit: Unit) -> list[LetterRow]:
            if scope.owner is None:
                return await unit.dead_letters.list_open((before[0], before[1]), limit + 1)
            return await unit.dead_letters.list_owned_open(scope.owner, (before[0], before[1]), limit + 1)

        found, headers = await self._reads.read(request, select)
        last = found[limit - 1] if len(found) > limit else None
        next_cursor = cursor(last.dead_at.isoformat(), last.execution_id) if last else None
        return respond(Answer(body=page(found[:limit], next_cursor), headers=headers))

    async def replay(self, request: web.Request) -> web.Response:
        return await self._close(request, dead_letters.replay)

    async def discard(self, request: web.Request) -> web.Response:
        return await self._close(request, dead_letters.discard)

    async def _close(
        self, request: web.Request, step: Callable[[Change, dict[str, Any]], Awaitable[dict[str, Any]]]
    ) -> web.Response:
        principal_of(request).require(Role.OPERATOR)
        body = await read_object(request)

        async def work(under_way: Change) -> Answer:
            return Answer(body=await step(under_way, body))

        return await change(request, self._database, work, body=canonical(body))

    async def audit_logs(self, request: web.Request) -> web.Response:
        principal = principal_of(request)
        principal.require(Role.ADMIN)
        check_names(request, ("limit", "cursor"))
        limit, before = limit_of(request), cursor_of(request, int) or (LAST_ID,)

        async def select(unit: Unit) -> list[AuditRow]:
            if principal.team_id is None:
                return await unit.audit_logs.list_audit(before[0], limit + 1)
            return await unit.audit_logs.list_team_audit(principal.team_id, before[0], limit + 1)

        found, headers = await self._reads.read(request, select)
        next_cursor = cursor(found[limit - 1].audit_id) if len(found) > limit else None
        return respond(Answer(body=page(found[:limit], next_cursor), headers=headers))

    async def keys(self, request: web.Request) -> web.Response:
        principal = principal_of(request)
        principal.require(Role.ADMIN)
        check_names(request, ())
        async with self._database.session() as unit:
            found = await unit.api_keys.list_keys(principal.scope.everything, principal.team_id)
        return respond(Answer(body=page(found, None)))

    async def create_key(self, request: web.Request) -> web.Response:
        principal = principal_of(request)
        principal.require(Role.ADMIN)
        body = await read_object(request)
        values, errors = convert_fields(body, NewKey, "")
        if errors:
            raise Invalid(errors)
        if principal.team_id is not None and values.get("team_id", principal.team_id) != principal.team_id:
            raise Forbidden("an admin with a team makes keys of that team only")

        async def work(under_way: Change) -> Answer:
            return Answer(status=201, body=await _insert_key(under_way, values))

        return await change(request, self._database, work, body=canonical(body), hidden=("key",))

    async def revoke_key(self, request: web.Request) -> web.Response:
        principal = principal_of(request)
        principal.require(Role.ADMIN)
        key_id = path_id(request, "key_id")

        async def work(under_way: Change) -> Answer:
            revoked = await under_way.unit.api_keys.revoke_key(key_id, principal.scope.everything, principal.team_id)
            if revoked is None:
                raise NotFound(f"there is no key {key_id}, or it is revoked already")
            await under_way.audit(
                "REVOKE_KEY", "API_KEY", key_id, old=msgspec.structs.asdict(revoked), team_id=revoked.team_id
            )
            return Answer(status=204)

        return await change(request, self._database, work)


async def _insert_key(under_way: Change, values: dict[str, Any]) -> dict[str, Any]:
    principal, key = under_way.principal, new_key()
    row = await under_way.unit.api_keys.insert_key(
        hash_key(key), values["name"], values.get("user_id") or principal.user_id,
        values.get("team_id") or principal.team_id, values["role"], values.get("expires_at"),
    )  # fmt: skip
    shown = msgspec.structs.asdict(row)
    await under_way.audit("CREATE_KEY", "API_KEY", row.key_id, new=shown, team_id=row.team_id)
    return {"key_id": row.key_id, "key": key} | shown
