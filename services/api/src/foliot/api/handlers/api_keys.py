"""/v1/api-keys."""

from __future__ import annotations

from aiohttp import web

from foliot.api.keys import NewKey, create_key, revoke_key
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.web.auth import Principal, Role
from foliot.api.web.bodies import JsonAnswer, read_object, respond
from foliot.api.web.callers import principal_of
from foliot.api.web.changes import Changes
from foliot.api.web.fields import convert_fields
from foliot.api.web.idempotency import canonical
from foliot.api.web.open_change import OpenChange
from foliot.api.web.pages import page_body
from foliot.api.web.parameters import check_names, choice, path_id
from foliot.common.errors import FieldError, Forbidden, Invalid


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
        if not values.get("name", "").isprintable():
            errors.append(FieldError("name", "must be printable text in one line"))
        if errors:
            raise Invalid(errors)
        if admin.team_id is not None and (values.get("team_id") or admin.team_id) != admin.team_id:
            raise Forbidden("an admin with a team makes keys of that team only")
        wanted = NewKey(**values)

        async def work(change: OpenChange) -> JsonAnswer:
            return JsonAnswer(status=201, body=await create_key(change, wanted))

        return await self._changes.make(request, work, body=canonical(body), hidden=("key",))

    async def revoke(self, request: web.Request) -> web.Response:
        """The key is refused within a second from the answer on."""
        _admin_of(request)
        check_names(request, ("force",))
        key_id, force = path_id(request, "key_id"), choice(request, "force", ("true", "false")) == "true"

        async def work(change: OpenChange) -> JsonAnswer:
            return JsonAnswer(body=await revoke_key(change, key_id, force=force))

        return await self._changes.make(request, work, body=request.query_string.encode())


def _admin_of(request: web.Request) -> Principal:
    principal = principal_of(request)
    principal.require(Role.ADMIN)
    return principal
