"""Election on a real ZooKeeper, fenced by a real PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable

import pytest

from cluster.servers import Servers
from foliot.common.clock import SystemClock
from foliot.common.ledger.database import Database
from foliot.common.ledger.statements import Statement
from foliot.scheduler.leadership import Leadership
from foliot.scheduler.zookeeper import Client, connect

SESSION = 4.0
_roots = itertools.count()


class Candidate:
    """One scheduler's leadership whose duty is to note that it leads."""

    def __init__(self, servers: Servers, units: Database, name: str, root: str) -> None:
        self.clients: list[Client] = []
        self.terms: list[int] = []
        self.leading = asyncio.Event()
        self.stop = asyncio.Event()
        self.hosts = servers.zookeeper_hosts
        self.leadership = Leadership(
            self._connect, units, self._lead, scheduler_id=name, root=root, clock=SystemClock()
        )
        self.task = asyncio.create_task(self.leadership.run(self.stop))

    @contextlib.asynccontextmanager
    async def _connect(self) -> AsyncIterator[Client]:
        async with connect(self.hosts, SESSION) as client:
            self.clients.append(client)
            yield client

    async def _lead(self, term: int, serves: Callable[[], None]) -> None:
        self.terms.append(term)
        self.leading.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.leading.clear()

    def reset_connection(self) -> None:
        """As a RST does."""
        self.clients[-1]._zk.session.conn.writer.transport.abort()

    async def end(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.task, 10)


Join = Callable[[str], Candidate]


@pytest.fixture
async def join(servers: Servers, units: Database) -> AsyncIterator[Join]:
    root = f"/test-{next(_roots)}"
    joined: list[Candidate] = []

    def join_as(name: str) -> Candidate:
        candidate = Candidate(servers, units, name, root)
        joined.append(candidate)
        return candidate

    yield join_as
    for candidate in joined:
        await candidate.end()


async def leads(candidate: Candidate, within: float = 8) -> None:
    await asyncio.wait_for(candidate.leading.wait(), within)


async def test_one_of_two_leads_and_hands_over_when_stopped(join: Join, units: Database) -> None:
    first = join("one")
    await leads(first)
    second = join("two")
    started = asyncio.get_running_loop().time()
    await asyncio.sleep(0)
    assert not second.leading.is_set()
    await first.end()
    await leads(second, within=2)
    assert second.terms == [first.terms[-1] + 1]
    assert asyncio.get_running_loop().time() - started < 5
    async with units.session() as unit:
        (leader,) = await unit.session.fetch(Statement("leader", "SELECT term, scheduler_id FROM leader"))
    assert tuple(leader) == (second.terms[0], "two")


async def test_a_reset_connection_costs_a_moment(join: Join) -> None:
    """The leader takes a new term on a new connection without waiting for its former node to expire."""
    candidate = join("one")
    await leads(candidate)
    candidate.reset_connection()
    async with asyncio.timeout(SESSION / 2):
        while len(candidate.terms) < 2:
            await asyncio.sleep(0.01)
    assert candidate.terms[1] == candidate.terms[0] + 1


async def test_a_deleted_node_elects_again(join: Join) -> None:
    candidate = join("one")
    await leads(candidate)
    client = candidate.clients[-1]
    node = await client.get(candidate.leadership._path)
    assert node is not None
    await client.delete(candidate.leadership._path, node.version)
    async with asyncio.timeout(3):
        while len(candidate.terms) < 2:
            await asyncio.sleep(0.01)


async def test_a_leader_goes_on_while_zookeeper_is_away(join: Join, servers: Servers) -> None:
    candidate = join("one")
    await leads(candidate)
    await servers.zookeeper.kill()
    try:
        async with asyncio.timeout(SESSION + 2):
            while candidate.leadership.confirmed:
                await asyncio.sleep(0.05)
        assert candidate.leading.is_set()
        assert candidate.leadership.term == candidate.terms[0]
    finally:
        await servers.zookeeper.start()
    async with asyncio.timeout(10):
        while not candidate.leadership.confirmed:
            await asyncio.sleep(0.05)


async def test_a_wiped_ensemble_elects_with_a_greater_term(join: Join, units: Database) -> None:
    """Its zxids begin again; another ensemble id makes them count."""
    async with units.transaction() as unit:
        before = await unit.terms.take_term("former", 2**40, "a former ensemble")
    assert before is not None
    candidate = join("one")
    await leads(candidate)
    assert candidate.terms == [before + 1]


async def test_everything_deleted_elects_again(join: Join) -> None:
    """Somebody removes the whole tree in ZooKeeper, the parent too."""
    candidate = join("one")
    await leads(candidate)
    async with connect(candidate.hosts, SESSION) as other:  # the candidate's own connection goes when its node does
        await other._zk.deleteall(candidate.leadership._root)
    async with asyncio.timeout(60):
        while len(candidate.terms) < 2 or not candidate.leading.is_set():
            await asyncio.sleep(0.01)
