"""ZooKeeper as one server: nodes, sessions that expire, watches that fire once.

Quorums are not modelled: a follower that is cut off answers nothing here, as a client of the product would see it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiozk import exc

EXPIRE_EACH = 0.1
"""Seconds between two looks for sessions to expire: they live at most that much longer than their timeout."""


class Watcher(Protocol):
    """The server's side of a connection, which takes the events of watches."""

    def event(self, path: str) -> None: ...

    def server_closes(self) -> None: ...


@dataclass
class Stat:
    created_zxid: int
    version: int
    ephemeral_owner: int


@dataclass
class Node:
    data: bytes
    stat: Stat


@dataclass
class Session:
    """One session. `holder`: the process that opened it."""

    number: int
    timeout: float
    heard_at: float
    watcher: Watcher
    holder: str


@dataclass
class Ensemble:
    """The state of the ensemble. `creators`: by czxid, the process that created an ephemeral node."""

    clock: Callable[[], float]
    nodes: dict[str, Node] = field(default_factory=dict)
    sessions: dict[int, Session] = field(default_factory=dict)
    watches: list[tuple[str, Watcher]] = field(default_factory=list)
    creators: dict[int, str] = field(default_factory=dict)
    note: Callable[[str, str], None] = lambda _who, _what: None
    zxid: int = 0
    opened: int = 0
    disturbed_at: float = float("-inf")

    def open(self, timeout: float, watcher: Watcher, holder: str) -> int:
        self.opened += 1
        self.sessions[self.opened] = Session(self.opened, timeout, self.clock(), watcher, holder)
        return self.opened

    def hear(self, number: int) -> None:
        """A request or a ping of a session. Raises SessionLost if it has expired."""
        if number not in self.sessions:
            raise exc.SessionLost
        self.sessions[number].heard_at = self.clock()

    def expire(self) -> None:
        now = self.clock()
        for session in [s for s in self.sessions.values() if s.heard_at + s.timeout < now]:
            self.end(session.number)
            session.watcher.server_closes()

    def end(self, number: int) -> None:
        """A session has ended: its ephemeral nodes vanish."""
        ended = self.sessions.pop(number, None)
        if ended is not None:
            self.note("zookeeper", f"session {number} of {ended.holder} ends")
        for path in [path for path, node in self.nodes.items() if node.stat.ephemeral_owner == number]:
            self.remove(path)

    def create(self, path: str, data: bytes, owner: int) -> None:
        if path in self.nodes:
            raise exc.NodeExists
        self.zxid += 1
        self.nodes[path] = Node(data, Stat(self.zxid, 0, owner))
        if owner:
            self.creators[self.zxid] = holder = self.sessions[owner].holder
            self.note("zookeeper", f"node {self.zxid} of {holder}, session {owner}")
        self._fire(path)

    def get(self, path: str) -> tuple[bytes, Stat]:
        node = self._node(path)
        return node.data, Stat(node.stat.created_zxid, node.stat.version, node.stat.ephemeral_owner)

    def set(self, path: str, data: bytes) -> Stat:
        node = self._node(path)
        self.zxid += 1
        node.data = data
        node.stat.version += 1
        return self.get(path)[1]

    def delete(self, path: str, version: int) -> None:
        if self._node(path).stat.version != version:
            raise exc.BadVersion
        self.remove(path)

    def remove(self, path: str) -> None:
        self.zxid += 1
        self.note("zookeeper", f"node {self.nodes[path].stat.created_zxid} vanishes")
        del self.nodes[path]
        self._fire(path)

    def watch(self, path: str, watcher: Watcher) -> None:
        self.watches.append((path, watcher))

    def restart(self) -> None:
        """All connections are lost; sessions get their whole timeout again."""
        self.watches.clear()
        for session in self.sessions.values():
            session.heard_at = self.clock()
            session.watcher.server_closes()

    def wipe(self) -> None:
        """Somebody put an empty ensemble in its place: its zxids begin at 0 again."""
        self.restart()
        self.disturbed_at = self.clock()
        self.nodes.clear()
        self.sessions.clear()
        self.creators.clear()
        self.zxid = 0

    def disturb(self, path: str, *, squat: bool) -> None:
        """Somebody deletes a node by hand; with `squat`, a persistent one takes its place."""
        if path in self.nodes:
            self.disturbed_at = self.clock()
            self.remove(path)
        if squat and path.rpartition("/")[0] in self.nodes:
            self.create(path, b"", 0)

    def _node(self, path: str) -> Node:
        if path not in self.nodes:
            raise exc.NoNode
        return self.nodes[path]

    def _fire(self, path: str) -> None:
        parent = path.rpartition("/")[0]
        fired = [watcher for watched, watcher in self.watches if watched == parent]
        self.watches = [(watched, watcher) for watched, watcher in self.watches if watched != parent]
        for watcher in fired:
            watcher.event(parent)


Act = Callable[[Ensemble], Any]
