"""Keys made and revoked over the API, inside the caller's transaction: for whom, and which team they may name."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from foliot.api.queries.bounds import LAST_ID
from foliot.api.web.auth import hash_key, new_key
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import Conflict, FieldError, Invalid, NotFound

_Id = Annotated[int, msgspec.Meta(ge=1, le=LAST_ID)]


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a creation. User and team are by default those of the caller's key. `create_team`: make the team if
    it does not exist."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    role: Literal["viewer", "runner", "operator", "admin"]
    user_id: _Id | None = None
    team_id: _Id | None = None
    create_team: bool = False
    expires_at: datetime | None = None


async def create_key(change: OpenChange, wanted: NewKey) -> dict[str, Any]:
    """The key as it is shown, this once with the secret. Raises Invalid."""
    admin, key = change.principal, new_key()
    user_id, team_id = wanted.user_id or admin.user_id, wanted.team_id or admin.team_id
    if errors := [*await _expiry_errors(change, wanted), *await _owner_errors(change, wanted, user_id, team_id)]:
        raise Invalid(errors)
    row = await change.unit.api_keys.insert_key(
        hash_key(key), wanted.name, user_id, team_id, wanted.role, wanted.expires_at
    )
    shown = msgspec.structs.asdict(row)
    await change.audit("CREATE_KEY", "API_KEY", row.key_id, new=shown, team_id=row.team_id)
    return {"key_id": row.key_id, "key": key} | shown


async def _expiry_errors(change: OpenChange, wanted: NewKey) -> list[FieldError]:
    if wanted.expires_at is None or wanted.expires_at > await change.unit.server.select_now():
        return []
    return [FieldError("expires_at", "has passed: give a time in the future, or leave it out")]


async def _owner_errors(change: OpenChange, wanted: NewKey, user_id: int, team_id: int | None) -> list[FieldError]:
    """An admin with a team makes no key that speaks as a stranger; an admin without one makes teams, on purpose."""
    admin, keys = change.principal, change.unit.api_keys
    if admin.team_id is not None:
        if wanted.create_team:
            return [FieldError("create_team", "only an admin without a team makes teams: leave it out")]
        if user_id != admin.user_id and await keys.is_stranger(user_id, admin.team_id):
            remedy = "leave it out, or ask an admin without a team"
            return [FieldError("user_id", f"user {user_id} is not of your team: {remedy}")]
        return []
    if team_id is None:
        return [FieldError("create_team", "give team_id too")] if wanted.create_team else []
    if wanted.create_team:
        await keys.insert_team(team_id)
    elif not await keys.has_team(team_id):
        return [FieldError("team_id", f"there is no team {team_id}: send create_team true to make it")]
    return []


async def revoke_key(change: OpenChange, key_id: int, *, force: bool) -> dict[str, Any]:
    """The key, with revoked_at. Raises NotFound, or Conflict for the last admin key without a team unless `force`."""
    admin, keys = change.principal, change.unit.api_keys
    if admin.scope.everything and await keys.lock_admins() == [key_id] and not force:
        detail = f"key {key_id} is the last admin key without a team: make another one first, or send ?force=true"
        raise Conflict("last_admin_key", detail)
    revoked = await keys.revoke_key(key_id, admin.scope.everything, admin.team_id)
    if revoked is None:
        raise NotFound(f"there is no key {key_id}, or it is revoked already")
    shown = msgspec.structs.asdict(revoked)
    await change.audit("REVOKE_KEY", "API_KEY", key_id, old=shown, team_id=revoked.team_id)
    return shown
