"""API keys: their holders, and what these may do."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from enum import IntEnum
from typing import TypeVar

import msgspec

from foliot.api.queries.unit import UnitsOfWork
from foliot.common.clock import Clock
from foliot.common.errors import Forbidden, Unauthorized
from foliot.common.model.scope import Scope

KEY_PREFIX = "foliot_"
_REMEMBERED_KEYS = 10_000
"""Bounds the memory of one process to a few MB, for known and for refused keys each; the key that was looked up longest
ago is forgotten first."""
_TRUSTED_SECONDS = 0.8
"""Time for which a key is trusted without another look-up: a revoked one is to be refused within 1 s."""
_REFUSED_SECONDS = 1.0
"""Time for which a key that was refused is refused without a look-up: a caller that goes on with it costs no
connection. No key becomes valid after it was refused: a new one is random."""
_UNKNOWN = "this key is unknown, revoked or expired: ask an admin for a new one"
_Value = TypeVar("_Value")
NOTE_USE_EVERY = 60.0
"""Seconds between two writes of last_used_at, one for all keys that were used since then."""


class Role(IntEnum):
    """The role of a key. Each may do what the smaller ones may."""

    VIEWER = 1
    """Reads; secrets in payloads are hidden."""
    RUNNER = 2
    """Runs jobs as they are defined."""
    OPERATOR = 3
    """Changes jobs and their runs."""
    ADMIN = 4
    """Makes and revokes keys, and reads the audit log."""


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

    @property
    def owner(self) -> int:
        """The owner of what it makes, as the indexes hold it: the team_id, or minus the user_id without a team."""
        return -self.user_id if self.team_id is None else self.team_id

    def require(self, role: Role) -> None:
        if self.role < role:
            raise Forbidden(f"this needs a key with the role {role.name.lower()}; yours has {self.role.name.lower()}")


def new_key() -> str:
    return KEY_PREFIX + secrets.token_urlsafe(32)


def hash_key(key: str) -> bytes:
    """Fast on purpose: 256 random bits cannot be guessed, so that a slow hash would protect nothing."""
    return hashlib.sha256(key.encode()).digest()


class Keys:
    """The look-up of keys, with a memory: an answer is trusted for about a second."""

    def __init__(self, database: UnitsOfWork, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()
        self._refused: OrderedDict[bytes, float] = OrderedDict()
        self._used: set[int] = set()

    async def principal(self, authorization: str | None) -> Principal:
        """Raises Unauthorized for an absent, malformed, unknown, expired or revoked key."""
        key_hash = hash_key(_bearer(authorization))
        known = self._known.get(key_hash)
        if known is None or known[0] <= self._clock.elapsed():
            known = await self._look_up(key_hash)
        self._used.add(known[1].key_id)
        return known[1]

    async def _look_up(self, key_hash: bytes) -> tuple[float, Principal]:
        asked_at = self._clock.elapsed()
        if self._refused.get(key_hash, asked_at) > asked_at:
            raise Unauthorized(_UNKNOWN)
        async with self._database.session() as unit:
            row = await unit.api_keys.select_by_hash(key_hash)
        if row is None:
            self._known.pop(key_hash, None)
            _remember(self._refused, key_hash, asked_at + _REFUSED_SECONDS)
            raise Unauthorized(_UNKNOWN)
        principal = Principal(row.key_id, row.user_id, row.team_id, Role[row.role.upper()])
        known = asked_at + _TRUSTED_SECONDS, principal
        _remember(self._known, key_hash, known)
        return known

    async def note_use(self) -> None:
        """A duty: write down which keys were used since the last time. Raises Unavailable; then they are kept."""
        used = sorted(self._used)
        if not used:
            return
        async with self._database.session() as unit:
            await unit.api_keys.note_use(used)
        self._used.difference_update(used)


def _remember(memory: OrderedDict[bytes, _Value], key_hash: bytes, value: _Value) -> None:
    memory[key_hash] = value
    memory.move_to_end(key_hash)
    if len(memory) > _REMEMBERED_KEYS:
        memory.popitem(last=False)


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise Unauthorized("send a key: Authorization: Bearer <key>")
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip() or len(key) > 200 or not key.isascii():
        raise Unauthorized("the header must read: Authorization: Bearer <key>")
    return key.strip()
