"""Access to the nodes of the election: whoever has the password may change them, everybody may read them.

Without it any process that reaches ZooKeeper can depose the leader, or put a node in its place.
"""

from __future__ import annotations

import base64
import hashlib

import msgspec

_USER = "foliot"
_READ, _ALL = 1, 31
"""Bits of ZooKeeper: READ alone; READ, WRITE, CREATE, DELETE and ADMIN."""


class Entry(msgspec.Struct, frozen=True):
    """One entry of an access list."""

    scheme: str
    id: str
    permissions: int


def identity(password: str) -> bytes:
    """The form in which a client names itself to ZooKeeper's scheme `digest`."""
    return f"{_USER}:{password}".encode()


def entries(password: str) -> list[Entry]:
    """The access list of the nodes. ZooKeeper keeps the SHA-1 of the identity, never the password."""
    digest = base64.b64encode(hashlib.sha1(identity(password), usedforsecurity=False).digest()).decode()
    return [Entry("digest", f"{_USER}:{digest}", _ALL), Entry("world", "anyone", _READ)]
