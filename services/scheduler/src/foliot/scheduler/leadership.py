"""Leadership: one fixed ephemeral node in ZooKeeper elects, one row in PostgreSQL fences.

A leader that ZooKeeper does not confirm goes on, so that an outage of ZooKeeper does not stop the work. Every
transaction of its duties checks its term. It stops when one is refused (Fenced, after a successor's first write), or as
soon as a server shows that the node is not its own.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import structlog

from foliot.common.clock import Clock, first_of
from foliot.common.errors import Fenced, Unavailable
from foliot.scheduler import events, metrics
from foliot.scheduler.unit import UnitsOfWork
from foliot.scheduler.zookeeper import Client, Disconnected, Node, Refused

TRUSTED_SHARE = 0.66
"""Share of the session timeout, from before a renewal was sent, for which that renewal confirms the leader. The rest is
a margin: ZooKeeper gives the node to another scheduler only after the whole timeout."""
RENEWALS_PER_SESSION = 6
"""Renewals of the leader, and looks of a candidate, within one session timeout: some may fail."""
WITHOUT_DATABASE = 8.0
"""Seconds after which a leader that does not reach PostgreSQL lets another try."""
END_WITHIN = 5.0
"""Seconds that cancelled duties have to end: they only close transactions and give publishes a last moment."""
BACKOFF_MIN, BACKOFF_MAX = 0.1, 2.0
"""Seconds between two candidacies, doubled after each up to the maximum, times 0.5 to 1.5 by chance: schedulers must
not all come at once to an ensemble that has just started."""
REPLACE_PAUSE = 0.1
"""Seconds between two tries to take the place of a node that is nobody's."""
_ENSEMBLE_ID_LENGTH = 64
"""Characters that the table `leader` keeps of it."""
_REFUSED_REMEDY = "give every scheduler the same FOLIOT_ZOOKEEPER_PASSWORD; see ZooKeeper's password in docs/runbook.md"
_log = structlog.get_logger()

Connect = Callable[[], AbstractAsyncContextManager[Client]]
"""Opens a client for one candidacy. Raises Disconnected."""
Lead = Callable[[int, Callable[[], None]], Awaitable[None]]
"""The duties of a term: `lead(term, serves)`. It runs until it is cancelled, or raises Fenced when the term has passed.
It calls `serves` whenever PostgreSQL has answered, because a leader without its database resigns."""


class Leadership:
    """Takes part in the election until told to stop, and performs the duties (`lead`) while this process leads."""

    def __init__(
        self,
        connect: Connect,
        database: UnitsOfWork,
        lead: Lead,
        *,
        scheduler_id: str,
        root: str,
        clock: Clock,
    ) -> None:
        self._connect = connect
        self._database = database
        self._lead = lead
        self._scheduler_id = scheduler_id
        self._root = root
        self._path = f"{root}/leader"
        self._clock = clock
        self._duties: asyncio.Task[None] | None = None
        self._term = 0
        self._own: tuple[str, int] | None = None  # the ensemble and the czxid of our node, until it is given back
        self._deadline = 0.0
        self._served_at = 0.0

    def _serves(self) -> None:
        self._served_at = self._clock.elapsed()

    @property
    def term(self) -> int | None:
        """The term whose duties this process performs now."""
        return self._term if self._duties is not None and not self._duties.done() else None

    @property
    def confirmed(self) -> bool:
        """True while this process leads and its last renewal is recent enough to be trusted."""
        return self.term is not None and self._clock.elapsed() < self._deadline

    @property
    def planned_ago(self) -> float | None:
        """Seconds since the planner of this term has ended a step; None for a standby."""
        return None if self.term is None else self._clock.elapsed() - self._served_at

    async def run(self, stop: asyncio.Event) -> None:
        """Stand as a candidate again and again until `stop` is set. Raises the error of duties that failed for good."""
        backoff = BACKOFF_MIN
        try:
            while not stop.is_set():
                try:
                    async with self._connect() as zk:
                        backoff = BACKOFF_MIN
                        with metrics.CANDIDATE.track_inprogress():
                            await self._candidacy_on(zk, stop)
                except Refused as error:
                    _log.error(events.ZOOKEEPER_REFUSED, error=error, term=self.term, remedy=_REFUSED_REMEDY)
                except (Disconnected, Unavailable, Fenced) as error:
                    _log.warning(events.ZOOKEEPER_AWAY, error=error, term=self.term)
                await self._raise_crash()
                await self._clock.wait(stop, backoff * random.uniform(0.5, 1.5))  # noqa: S311
                backoff = min(BACKOFF_MAX, backoff * 2)
        finally:
            await self._end_duties("stopped")

    async def _candidacy_on(self, zk: Client, stop: asyncio.Event) -> None:
        """One candidacy. Its end closes the client, which frees the node at once: from then on nothing is confirmed."""
        try:
            await self._candidacy(zk, stop)
        finally:
            self._deadline = 0.0

    async def _candidacy(self, zk: Client, stop: asyncio.Event) -> None:
        """One candidacy, from a fresh connection to its end. Raises Disconnected when the node's owner is in doubt."""
        await zk.ensure_path(self._root)
        await zk.protect(self._root)
        ensemble_id = await self._ensemble_id(zk)
        await self._remove_leftover(zk, ensemble_id)
        started = self._clock.elapsed()
        won = await self._win(zk, stop)
        if won is None:
            return
        node, sent_at = won
        self._own = ensemble_id, node.czxid
        self._deadline = sent_at + TRUSTED_SHARE * zk.session_timeout
        term = await self._take_term(zk, node, ensemble_id)
        metrics.LOCK_ACQUISITION.observe(self._clock.elapsed() - started)
        await self._end_duties("a newer term of our own")
        self._begin_duties(term)
        await self._hold(zk, node, stop)
        if stop.is_set():
            await self._end_duties("stopped")
        await self._give_node_back(zk)

    async def _ensemble_id(self, zk: Client) -> str:
        """The identity of this ensemble. A wiped one gets another, and its zxids begin at 0 again."""
        path = f"{self._root}/ensemble"
        await zk.create(path, secrets.token_hex(16).encode())
        await zk.protect(path)
        data = await zk.read(path)
        if data is None:
            raise Disconnected("the ensemble's node vanished")
        return data.decode(errors="replace")[:_ENSEMBLE_ID_LENGTH]

    async def _remove_leftover(self, zk: Client, ensemble_id: str) -> None:
        """Delete the node of our own former session, so that nobody has to wait until it expires. A czxid names it in
        its ensemble only: a wiped one counts from 0 again."""
        node = await zk.get(self._path)
        if node is not None and (ensemble_id, node.czxid) == self._own and node.owner != zk.session_id:
            await zk.delete(self._path, node.version)

    async def _win(self, zk: Client, stop: asyncio.Event) -> tuple[Node, float] | None:
        """Wait until the node is ours. Gives it and when its request was sent, None if told to stop. A node of somebody
        else ends duties that still run."""
        while not stop.is_set():
            sent_at = self._clock.elapsed()
            await zk.create(self._path, self._scheduler_id.encode(), ephemeral=True)
            changed = await zk.children_changed(self._root)
            node = await zk.get(self._path)
            if node is None:
                continue
            if node.owner == zk.session_id:
                return node, sent_at
            if not node.is_ephemeral:
                await self._remove_nobodys(zk, node, stop)
                continue
            await self._end_duties("another scheduler holds the node")
            look_again = zk.session_timeout / RENEWALS_PER_SESSION
            await first_of(self._clock, changed, zk.gone(), stop.wait(), timeout=look_again)
            zk.check()
        return None

    async def _remove_nobodys(self, zk: Client, node: Node, stop: asyncio.Event) -> None:
        """Delete a node that has no session: no scheduler made it, and it would never end by itself."""
        _log.error(events.LEADER_NODE_REPLACED, term=self.term)
        await zk.delete(self._path, node.version)
        await self._clock.wait(stop, REPLACE_PAUSE)

    async def _take_term(self, zk: Client, node: Node, ensemble_id: str) -> int:
        """Take the next term in PostgreSQL, which fences every former leader. If another scheduler has taken it first,
        the node is given back."""
        try:
            async with self._database.transaction() as unit:
                term = await unit.terms.take_term(self._scheduler_id, node.czxid, ensemble_id)
        except Unavailable:
            await self._give_node_back(zk)
            raise
        if term is None:
            await self._give_node_back(zk)
            raise Disconnected("somebody newer holds the term")
        return term

    async def _hold(self, zk: Client, node: Node, stop: asyncio.Event) -> None:
        """Renew the node by writing, until told to stop or until the duties end. Raises Disconnected when the node is
        not ours."""
        assert self._duties is not None
        changed = await zk.children_changed(self._root)
        while True:
            await first_of(
                self._clock,
                stop.wait(),
                changed,
                zk.gone(),
                asyncio.wait({self._duties}),
                timeout=zk.session_timeout / RENEWALS_PER_SESSION,
            )
            if stop.is_set() or self._duties.done():
                return
            zk.check()
            if self._clock.elapsed() - self._served_at > WITHOUT_DATABASE:
                await self._end_duties("PostgreSQL is out of reach")
                return
            if changed.done():
                changed = await zk.children_changed(self._root)
            sent_at = self._clock.elapsed()
            czxid = await zk.touch(self._path, self._scheduler_id.encode())
            if czxid != node.czxid:
                self._deadline = 0.0  # not confirmed from here on, however long the duties take to end
                await self._end_duties("the node was deleted")
                raise Disconnected("the node is not ours any more")
            self._deadline = sent_at + TRUSTED_SHARE * zk.session_timeout

    async def _give_node_back(self, zk: Client) -> None:
        self._deadline = 0.0
        node = await zk.get(self._path)
        if node is not None and node.owner == zk.session_id:
            await zk.delete(self._path, node.version)
        self._own = None

    def _begin_duties(self, term: int) -> None:
        self._term = term
        self._serves()
        self._duties = asyncio.create_task(self._run_duties(term), name=f"term-{term}")
        metrics.IS_LEADER.set(1)
        metrics.TERM.set(term)
        metrics.FAILOVERS.inc()
        _log.info(events.LEADER_ELECTED, term=term)

    async def _run_duties(self, term: int) -> None:
        try:
            await self._lead(term, self._serves)
        finally:
            metrics.IS_LEADER.set(0)
            metrics.TERM.set(0)

    async def _end_duties(self, reason: str) -> None:
        """Cancel the duties and wait until they are gone."""
        if self._duties is None:
            return
        if not self._duties.done():
            _log.info(events.LEADER_RESIGNED, term=self._term, error=reason)
            self._duties.cancel()
            await asyncio.wait({self._duties}, timeout=END_WITHIN)
        if self._duties.done() and not self._duties.cancelled() and self._duties.exception():
            _log.warning(events.LEADER_RESIGNED, term=self._term, error=self._duties.exception())
        self._duties = None

    async def _raise_crash(self) -> None:
        """Raise the error of a duty that failed for good. It ends the process, and the supervisor starts a new one."""
        if self._duties is None or not self._duties.done() or self._duties.cancelled():
            return
        error = self._duties.exception()
        self._duties = None
        if error is not None and not _fenced(error):
            raise error
        if error is not None:
            metrics.FENCED.inc()
        _log.warning(events.LEADER_RESIGNED, term=self._term, error=error)


def _fenced(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(Fenced) is not None
    return isinstance(error, Fenced)
