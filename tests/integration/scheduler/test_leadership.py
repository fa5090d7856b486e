"""Election on a real ZooKeeper, fenced by a real PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from aiozk import ACL, exc
from aiozk.protocol import UNRESTRICTED_ACCESS

from cluster.servers import Servers
from foliot.common.clock import SystemClock
from foliot.common.ledger.database import Database
from foliot.common.ledger.statements import Statement
from foliot.scheduler.leadership import Leadership
from foliot.scheduler.zookeeper import Client, connect
from support.eventually import eventually

SESSION = 4.0
PASSWORD = "password-of-the-test"
_roots = itertools.count()


class Candidate:
    """One scheduler's leadership whose duty is to note that it leads."""

    def __init__(self, servers: Servers, units: Database, name: str, root: str, password: str | None = None) -> None:
        self.password = password
        self.clients: list[Client] = []
        self.terms: list[int] = []
        self.leading = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.stop = asyncio.Event()
        self.hosts = servers.zookeeper_hosts
        self.leadership = Leadership(
            self._connect, units, self._lead, scheduler_id=name, root=root, clock=SystemClock()
        )
        self.task = asyncio.create_task(self.leadership.run(self.stop))

    @contextlib.asynccontextmanager
    async def _connect(self) -> AsyncIterator[Client]:
        async with connect(self.hosts, SESSION, self.password) as client:
            self.clients.append(client)
            yield client

    async def _lead(self, term: int, serves: Callable[[], None]) -> None:
        self.terms.append(term)
        self.leading.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.leading.clear()
            await self.may_end.wait()

    def reset_connection(self) -> None:
        """As a RST does."""
        self.clients[-1]._zk.session.conn.writer.transport.abort()

    async def end(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.task, 10)


Join = Callable[..., Candidate]


@pytest.fixture
async def join(servers: Servers, units: Database) -> AsyncIterator[Join]:
    root = f"/test-{next(_roots)}"
    joined: list[Candidate] = []

    def join_as(name: str, password: str | None = None) -> Candidate:
        candidate = Candidate(servers, units, name, root, password)
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


async def test_a_leader_whose_node_was_deleted_is_not_confirmed_while_its_duties_end(join: Join) -> None:
    candidate = join("one")
    await leads(candidate)
    candidate.may_end.clear()
    client = candidate.clients[-1]
    node = await client.get(candidate.leadership._path)
    assert node is not None
    await client.delete(candidate.leadership._path, node.version)
    async with asyncio.timeout(3):
        while candidate.leading.is_set():
            await asyncio.sleep(0.01)
    confirmed = candidate.leadership.confirmed
    candidate.may_end.set()
    assert not confirmed


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


async def usurp(candidate: Candidate, data: bytes, **how: Any) -> None:
    """What any process that reaches ZooKeeper can do: delete the leader's node and put another one in its place."""
    async with connect(candidate.hosts, SESSION) as other:
        both = other._zk.begin_transaction()  # else the leader may be quicker
        both.delete(candidate.leadership._path, -1)
        both.create(candidate.leadership._path, data=data, **how)
        await both.commit()


@pytest.mark.parametrize("closed", [False, True])
async def test_a_node_without_a_session_is_replaced(
    join: Join, capsys: pytest.CaptureFixture[str], closed: bool
) -> None:
    """It would never end by itself. Its own access list cannot keep it: the parent's decides who may delete."""
    candidates = [join("one"), join("two")]
    await asyncio.wait_for(first_done(*(c.leading.wait() for c in candidates)), 8)
    acl = [ACL.make(scheme="digest", id="somebody:else", admin=True)] if closed else None
    await usurp(candidates[0], b"evil", acl=acl)
    async with asyncio.timeout(8):
        while sum(len(c.terms) for c in candidates) < 2 or not any(c.leading.is_set() for c in candidates):
            await asyncio.sleep(0.01)
    assert "leader_node_replaced" in capsys.readouterr().out


async def test_with_a_password_nobody_else_can_depose_the_leader(join: Join) -> None:
    candidate = join("one", PASSWORD)
    await leads(candidate)
    root = candidate.leadership._root
    async with connect(candidate.hosts, SESSION) as other:
        for attempt in (
            lambda: other._zk.delete(f"{root}/leader", force=True),
            lambda: other._zk.set_data(f"{root}/leader", b"evil", force=True),
            lambda: other._zk.set_acl(f"{root}/leader", [UNRESTRICTED_ACCESS], force=True),
            lambda: other._zk.create(f"{root}/leader/child", data=b""),
            lambda: other._zk.create(f"{root}/another", data=b""),
            lambda: other._zk.delete(f"{root}/ensemble", force=True),
            lambda: other._zk.set_data(f"{root}/ensemble", b"evil", force=True),
            lambda: other._zk.set_acl(root, [UNRESTRICTED_ACCESS], force=True),
        ):
            with pytest.raises(exc.NoAuth):
                await attempt()
        assert await other.read(f"{root}/leader") == b"one"  # everybody may look
    assert candidate.terms == candidate.terms[:1]


async def test_nodes_that_are_there_get_the_password_at_the_next_start(join: Join) -> None:
    without = join("one")
    await leads(without)
    await without.end()
    candidate = join("two", PASSWORD)
    await leads(candidate)
    async with connect(candidate.hosts, SESSION) as other:
        for path in (candidate.leadership._root, f"{candidate.leadership._root}/ensemble"):
            with pytest.raises(exc.NoAuth):
                await other._zk.set_data(path, b"evil", force=True)


@pytest.mark.parametrize("password", [None, "another-password"])
async def test_a_scheduler_without_the_password_says_so(
    join: Join, capsys: pytest.CaptureFixture[str], password: str | None
) -> None:
    first = join("one", PASSWORD)
    await leads(first)
    await first.end()
    other = join("two", password)

    async def told() -> None:
        assert "zookeeper_refused" in capsys.readouterr().out

    await eventually(told)
    assert not other.leading.is_set()


async def first_done(*waits: Coroutine[Any, Any, object]) -> None:
    await asyncio.wait([asyncio.ensure_future(wait) for wait in waits], return_when=asyncio.FIRST_COMPLETED)
