"""The part of aiozk that the product uses, over the model of the ensemble. It takes aiozk's place in foliot's
zookeeper.py, whose own code (timeouts, doubts, tear-down) is thereby played too.

Faults: `zk-cut` (connections are reset and refused), `zk-hole` (packets wait in the network until it is over), `zk-slow`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

from aiozk import RetryPolicy, WatchEvent, exc, protocol

from simulate.virtual.election.ensemble import Act, Ensemble
from simulate.virtual.owners import OWNER
from simulate.virtual.story import Stage

PINGS_PER_SESSION = 3
NEAR = 0.004
SLOW = 0.8


class Library:
    """Stands for the module `aiozk`. `number_of` gives the number of a process, which faults name."""

    RetryPolicy = RetryPolicy
    WatchEvent = WatchEvent

    def __init__(self, stage: Stage, ensemble: Ensemble, number_of: dict[str, int]) -> None:
        self.stage = stage
        self.ensemble = ensemble
        self.number_of = number_of
        self.lines: list[Line] = []
        self.world = stage.loop.context_of(stage.loop.world, "zookeeper")

    def ZKClient(self, _host: str, *, session_timeout: float, **_options: Any) -> Client:  # noqa: N802
        return Client(self, session_timeout)

    def cut(self, target: int) -> None:
        """Reset the connections of a process, or of all (EVERYBODY)."""
        for line in [line for line in self.lines if target in (-1, line.target)]:
            line.close()


class Line:
    """One TCP connection: packets arrive in order, or never."""

    def __init__(self, library: Library, process: str) -> None:
        self._library = library
        self._stage = library.stage
        self.process = process
        self.target = library.number_of[process]
        self.open = True
        self.session = 0
        self.broken: asyncio.Future[None] = self._stage.loop.create_future()
        self.events: defaultdict[str, list[asyncio.Future[None]]] = defaultdict(list)
        self._pending: set[asyncio.Future[Any]] = set()
        self._arrived = self._returned = 0.0
        library.lines.append(self)

    def send(self, act: Act) -> asyncio.Future[Any]:
        answer: asyncio.Future[Any] = self._stage.loop.create_future()
        if not self.open or self._holds("cut"):
            self.close()
            self._answer(answer, exc.ConnectError("model", 2181))
            return answer
        self._pending.add(answer)
        answer.add_done_callback(self._pending.discard)
        held = self._stage.until("zk-hole", self.target)
        self._arrived = self._in_order(self._arrived, held)
        self._at(self._arrived, self._arrive, act, answer, held > 0)
        return answer

    def _arrive(self, act: Act, answer: asyncio.Future[Any], held: bool) -> None:
        if held and not self.open:
            return
        ensemble = self._library.ensemble
        try:
            if self.session:
                ensemble.hear(self.session)
            result = act(ensemble)
        except exc.SessionLost:
            self.server_closes()
            return
        except exc.ZKError as error:
            result = error
        self._back(self._answer, answer, result)

    def _answer(self, answer: asyncio.Future[Any], result: Any) -> None:
        if answer.done():
            return
        if isinstance(result, Exception):
            answer.set_exception(result)
            answer.exception()
        else:
            answer.set_result(result)

    def event(self, path: str) -> None:
        self._back(self._event, path)

    def _event(self, path: str) -> None:
        for future in self.events.pop(path, []):
            if not future.done():
                future.set_result(None)

    def server_closes(self) -> None:
        self._back(self.close)

    def _back(self, callback: Any, *args: Any) -> None:
        self._returned = self._in_order(self._returned, self._stage.until("zk-hole", self.target))
        self._at(self._returned, self._if_open, callback, *args)

    def _if_open(self, callback: Any, *args: Any) -> None:
        if self.open:
            callback(*args)

    def close(self) -> None:
        """The end of the connection, as the client's side sees it: at once."""
        self.open = False
        if self in self._library.lines:
            self._library.lines.remove(self)
        if not self.broken.done():
            self.broken.set_result(None)
        for answer in list(self._pending):
            self._answer(answer, exc.ConnectError("model", 2181))

    def _in_order(self, last: float, held: float) -> float:
        way = self._stage.rng.random() * (SLOW if self._holds("slow") else NEAR)
        return max(last, held, self._stage.now) + way

    def _holds(self, kind: str) -> bool:
        return self._stage.until(f"zk-{kind}", self.target) > 0 or self._stage.until("zk-down", self.target) > 0

    def _at(self, when: float, callback: Any, *args: Any) -> None:
        self._stage.loop.call_at(when, callback, *args, context=self._library.world)

    @property
    def transport(self) -> Line:
        return self

    def abort(self) -> None:
        self.close()


class Connection:
    """aiozk's Connection, as far as the product looks into it."""

    def __init__(self, line: Line) -> None:
        self.writer = line
        self.read_loop_task = asyncio.get_running_loop().create_task(self._read(line), name="zk-read")

    async def _read(self, line: Line) -> None:
        await asyncio.wait({line.broken})


class Session:
    """aiozk's Session, as far as the product looks into it."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.session_id = 0
        self.conn: Connection | None = None
        self.closing = False
        self.repair_loop_task = None
        self.heartbeat_task: asyncio.Task[None] | None = None
        self.heartbeat_handle = None


class Client:
    """aiozk's ZKClient."""

    def __init__(self, library: Library, session_timeout: float) -> None:
        self._library = library
        self.session = Session(session_timeout)
        self.default_acl: list[Any] = []
        self._line = Line(library, OWNER.get().process.name)

    async def start(self) -> None:
        line, timeout = self._line, self.session.timeout
        number = await line.send(lambda e: e.open(timeout, line, line.process))
        line.session = self.session.session_id = number
        self.session.conn = Connection(line)
        self.session.heartbeat_task = asyncio.get_running_loop().create_task(self._ping(), name="zk-ping")

    async def _ping(self) -> None:
        """Keep the session alive; a ping without an answer ends the connection."""
        every = self.session.timeout / PINGS_PER_SESSION
        while self._line.open:
            await asyncio.sleep(every)
            answer = self._line.send(lambda e: None)
            await asyncio.wait({answer}, timeout=every)
            if not answer.done() or answer.exception() is not None:
                self._line.close()

    async def close(self) -> None:
        number = self._line.session
        await self._line.send(lambda e: e.end(number))
        self._line.close()

    async def ensure_path(self, path: str) -> None:
        await self._line.send(lambda e: None if path in e.nodes else e.create(path, b"", 0))

    async def create(self, path: str, data: bytes, ephemeral: bool = False) -> None:
        owner = self._line.session if ephemeral else 0
        await self._line.send(lambda e: e.create(path, data, owner))

    async def send(self, request: protocol.ExistsRequest | protocol.DeleteRequest) -> Any:
        """Both requests that the product makes itself."""
        if isinstance(request, protocol.DeleteRequest):
            return await self._line.send(lambda e: e.delete(request.path, request.version))
        return SimpleNamespace(stat=(await self.get(request.path))[1])

    async def get(self, path: str) -> Any:
        return await self._line.send(lambda e: e.get(path))

    async def set(self, path: str, data: bytes, _version: int) -> Any:
        return await self._line.send(lambda e: e.set(path, data))

    async def get_children(self, path: str, watch: bool) -> None:
        await self._line.send(lambda e: e.watch(path, self._line))

    def wait_for_events(self, _kinds: list[Any], path: str) -> asyncio.Future[None]:
        future: asyncio.Future[None] = self._library.stage.loop.create_future()
        self._line.events[path].append(future)
        return future
