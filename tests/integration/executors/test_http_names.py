"""Names of jobs' URLs: looked up beside each other, within bounds, as users know it, and never past the guard."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from foliot.worker.executors.attempt import Result
from foliot.worker.executors.http.resolver import Resolver
from foliot.worker.executors.http_request import HttpRequestExecutor
from foliot.worker.output import Output
from integration.executors.http_calls import LOOPBACK
from integration.executors.making import make_attempt
from integration.executors.name_server import NameServer, serve_names
from integration.executors.servers import Seen, answer, serve

ALLOWED = [*LOOPBACK, ip_network("::1/128")]


@pytest.fixture
async def names() -> AsyncIterator[NameServer]:
    async with serve_names() as server:
        server.names["fast.test"] = [["127.0.0.1"]]
        yield server


@pytest.fixture
async def target() -> AsyncIterator[Seen]:
    async with serve(answer(body=b"x")) as seen:
        yield seen


async def ran(executor: HttpRequestExecutor, host: str, port: int, tenant: str = "") -> Result:
    fields = {"tenant": tenant}
    attempt = make_attempt("http_request", fields=fields, url=f"http://{host}:{port}/", method="POST")
    return await executor.run(attempt, Output())


async def test_a_name_is_resolved_beside_twelve_that_get_no_answer(names: NameServer, target: Seen) -> None:
    loop = asyncio.get_running_loop()
    async with HttpRequestExecutor(allow_networks=ALLOWED, name_servers=[names.address]) as executor:
        begin = loop.time()
        assert (await ran(executor, "fast.test", target.port)).succeeded
        alone = loop.time() - begin
        slow = [asyncio.create_task(ran(executor, f"silent{n}.test", target.port)) for n in range(12)]
        await names.until_asked(*(f"silent{n}.test" for n in range(12)))
        begin = loop.time()
        assert (await ran(executor, "fast.test", target.port)).succeeded
        beside = loop.time() - begin
        assert not any(task.done() for task in slow)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
    assert beside <= 3 * max(alone, 0.05)


async def test_a_look_up_is_bounded(names: NameServer, target: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foliot.worker.executors.http.resolver.LOOKUP_SECONDS", 0.2)
    async with HttpRequestExecutor(allow_networks=ALLOWED, name_servers=[names.address]) as executor:
        result = await ran(executor, "silent.test", target.port)
    assert result == Result(
        succeeded=False, error_message="silent.test does not resolve: no answer within 0.2 s", final=False
    )


async def test_a_tenant_has_so_many_look_ups_at_a_time_and_others_do_not_wait(
    names: NameServer, target: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foliot.worker.executors.http.resolver.MAX_LOOKUPS", 2)
    monkeypatch.setattr("foliot.worker.executors.http.resolver._TRY_SECONDS", 1.0)
    monkeypatch.setattr("foliot.worker.executors.http.resolver._TRIES", 1)
    names.names["third.test"] = [["127.0.0.1"]]
    async with HttpRequestExecutor(allow_networks=ALLOWED, name_servers=[names.address]) as executor:
        slow = [asyncio.create_task(ran(executor, f"silent{n}.test", target.port, tenant="team 1")) for n in range(2)]
        await names.until_asked("silent0.test", "silent1.test")
        waiting = asyncio.create_task(ran(executor, "third.test", target.port, tenant="team 1"))
        for task in slow:
            task.cancel()  # the attempts give up; their look-ups have not ended
        assert (await ran(executor, "fast.test", target.port, tenant="team 2")).succeeded
        assert "third.test" not in names.asked
        assert (await waiting).succeeded
        await asyncio.gather(*slow, return_exceptions=True)


async def test_a_name_that_does_not_exist(names: NameServer) -> None:
    async with HttpRequestExecutor(name_servers=[names.address]) as executor:
        result = await ran(executor, "none.test", 80)
    assert (result.succeeded, result.final) == (False, False)
    assert result.error_message == "none.test does not resolve: Domain name not found"


async def test_no_name_server_answers(names: NameServer, target: Seen) -> None:
    async with HttpRequestExecutor(allow_networks=ALLOWED, name_servers=["127.0.0.1:1"]) as executor:
        result = await ran(executor, "fast.test", target.port)
        assert (await ran(executor, "localhost", target.port)).succeeded
    assert (result.succeeded, result.final) == (False, False)
    assert str(result.error_message).startswith("fast.test does not resolve: ")


async def test_localhost_search_domains_and_ipv6(
    names: NameServer, target: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALDOMAIN", "corp.test")  # in place of `search` in resolv.conf
    names.names |= {"short.corp.test": [["127.0.0.1"]], "six.test": [["::1"]], "both.test": [["127.0.0.1", "::1"]]}
    async with (
        HttpRequestExecutor(allow_networks=ALLOWED, name_servers=[names.address]) as executor,
        serve(answer(), host="::1") as six,
    ):
        for host in ("localhost", "LOCALHOST", "a.localhost", "short", "fast.test.", "both.test"):
            assert (await ran(executor, host, target.port)).succeeded, host
        assert (await ran(executor, "six.test", six.port)).succeeded


def etc_hosts() -> list[tuple[str, str]]:
    lines = [line.partition("#")[0].split() for line in Path("/etc/hosts").read_text().splitlines()]
    return [(line[0], name) for line in lines if line for name in line[1:]]


async def test_names_of_etc_hosts_are_known(names: NameServer) -> None:
    assert etc_hosts()
    resolver = Resolver([names.address])
    for address, name in etc_hosts():
        assert address in [found["host"] for found in await resolver.resolve(name)], name
    await resolver.close()


async def test_a_name_that_leads_elsewhere_the_second_time_is_refused(names: NameServer, target: Seen) -> None:
    names.names["rebind.test"] = [["127.0.0.3"], ["127.0.0.1"]]
    async with (
        serve(answer(), host="127.0.0.3") as allowed,
        HttpRequestExecutor(allow_networks=[ip_network("127.0.0.3")], name_servers=[names.address]) as executor,
    ):
        assert (await ran(executor, "rebind.test", allowed.port)).succeeded
        result = await ran(executor, "rebind.test", target.port)
    assert result.final
    assert str(result.error_message).startswith("refused: rebind.test leads to 127.0.0.1")
    assert target.connections == 0
