"""/v1/api-keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web

from foliot.api.queries.bounds import LAST_ID
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.web.auth import Principal, Role, hash_key, new_key
from foliot.api.web.bodies import JsonAnswer, read_object, respond
from foliot.api.web.callers import principal_of
from foliot.api.web.changes import Changes
from foliot.api.web.fields import convert_fields
from foliot.api.web.idempotency import canonical
from foliot.api.web.open_change import OpenChange
from foliot.api.web.pages import page_body
from foliot.api.web.parameters import check_names, path_id
from foliot.common.errors import Forbidden, Invalid, NotFound

_Id = Annotated[int, msgspec.Meta(ge=1, le=LAST_ID)]


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a creation. User and team are by default those of the caller's key."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    role: Literal["viewer", "operator", "admin"]
    user_id: _Id | None = None
    team_id: _Id | None = None
    expires_at: datetime | None = None


class ApiKeyHandlers:
    """For admins: each within its team, one without a team everywhere."""

    def __init__(self, database: UnitsOfWork, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/api-keys", self.page),
            web.post("/v1/api-keys", self.create),
            web.delete("/v1/api-keys/{key_id}", self.revoke),
        ]

    async def page(self, request: web.Request) -> web.Response:
        admin = _admin_of(request)
        check_names(request, ())
        async with self._database.session() as unit:
            found = await unit.api_keys.list_keys(admin.scope.everything, admin.team_id)
        return respond(JsonAnswer(body=page_body((found, None))))

    async def create(self, request: web.Request) -> web.Response:
        """The key itself is in this answer alone: it is stored as a hash, and not kept for an Idempotency-Key."""
        admin = _admin_of(request)
        body = await read_object(request)
        values, errors = convert_fields(body, NewKey)
        if errors:
            raise Invalid(errors)
        if admin.team_id is not None and values.get("team_id", admin.team_id) != admin.team_id:
            raise Forbidden("an admin with a team makes keys of that team only")

        async def work(change: OpenChange) -> JsonAnswer:
            return JsonAnswer(status=201, body=await _insert(change, values))

        return await self._changes.make(request, work, body=canonical(body), hidden=("key",))

    async def revoke(self, request: web.Request) -> web.Response:
        admin = _admin_of(request)
        key_id = path_id(request, "key_id")

        async def work(change: OpenChange) -> JsonAnswer:
            revoked = await change.unit.api_keys.revoke_key(key_id, admin.scope.everything, admin.team_id)
            if revoked is None:
                raise NotFound(f"there is no key {key_id}, or it is revoked already")
            old = msgspec.structs.asdict(revoked)
            await change.audit("REVOKE_KEY", "API_KEY", key_id, old=old, team_id=revoked.team_id)
            return JsonAnswer(status=204)

        return await self._changes.make(request, work)


def _admin_of(request: web.Request) -> Principal:
    principal = principal_of(request)
    principal.require(Role.ADMIN)
    return principal


async def _insert(change: OpenChange, values: dict[str, Any]) -> dict[str, Any]:
    admin, key = change.principal, new_key()
    row = await change.unit.api_keys.insert_key(
        hash_key(key), values["name"], values.get("user_id") or admin.user_id,
        values.get("team_id") or admin.team_id, values["role"], values.get("expires_at"),
    )  # fmt: skip
    shown = msgspec.structs.asdict(row)
    await change.audit("CREATE_KEY", "API_KEY", row.key_id, new=shown, team_id=row.team_id)
    return {"key_id": row.key_id, "key": key} | shown
