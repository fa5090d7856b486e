"""API keys: their holders, and what these may do."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from enum import IntEnum

import msgspec

from foliot.api.queries.unit import UnitsOfWork
from foliot.common.clock import Clock
from foliot.common.errors import Forbidden, Unauthorized
from foliot.common.model.scope import Scope

KEY_PREFIX = "foliot_"
_REMEMBERED_KEYS = 10_000
"""Bounds the memory of one process to a few MB; the key that was looked up longest ago is forgotten first."""
_TRUSTED_SECONDS = 0.8
"""Time for which a key is trusted without another look-up: a revoked one is to be refused within 1 s."""


class Role(IntEnum):
    """The role of a key. Each may do what the smaller ones may."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


class Principal(msgspec.Struct, frozen=True):
    """The holder of a key."""

    key_id: int
    user_id: int
    team_id: int | None
    role: Role

    @property
    def scope(self) -> Scope:
        """The team's things for a key with a team, else the user's own; everything for an admin without a team."""
        everything = self.role is Role.ADMIN and self.team_id is None
        return Scope(everything, self.team_id, self.user_id)

    def require(self, role: Role) -> None:
        if self.role < role:
            raise Forbidden(f"this needs a key with the role {role.name.lower()}; yours has {self.role.name.lower()}")


def new_key() -> str:
    return KEY_PREFIX + secrets.token_urlsafe(32)


def hash_key(key: str) -> bytes:
    """Fast on purpose: 256 random bits cannot be guessed, so that a slow hash would protect nothing."""
    return hashlib.sha256(key.encode()).digest()


class Keys:
    """The look-up of keys, with a memory: an answer is trusted for less than a second."""

    def __init__(self, database: UnitsOfWork, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    async def principal(self, authorization: str | None) -> Principal:
        """Raises Unauthorized for an absent, malformed, unknown, expired or revoked key."""
        key_hash = hash_key(_bearer(authorization))
        known = self._known.get(key_hash)
        if known is not None and known[0] > self._clock.elapsed():
            return known[1]
        asked_at = self._clock.elapsed()
        async with self._database.session() as unit:
            row = await unit.api_keys.select_by_hash(key_hash)
        if row is None:
            self._known.pop(key_hash, None)
            raise Unauthorized("this key is unknown, revoked or expired: ask an admin for a new one")
        principal = Principal(row.key_id, row.user_id, row.team_id, Role[row.role.upper()])
        self._known[key_hash] = (asked_at + _TRUSTED_SECONDS, principal)
        self._known.move_to_end(key_hash)
        if len(self._known) > _REMEMBERED_KEYS:
            self._known.popitem(last=False)
        return principal


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise Unauthorized("send a key: Authorization: Bearer <key>")
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip() or len(key) > 200 or not key.isascii():
        raise Unauthorized("the header must read: Authorization: Bearer <key>")
    return key.strip()
