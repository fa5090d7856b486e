"""No job reaches an address that the operator did not allow, whatever it is dressed as: 0 connections."""

from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
from aiohttp.abc import ResolveResult

from foliot.worker.executors.http.resolver import Resolver
from foliot.worker.executors.http_request import HttpRequestExecutor
from foliot.worker.output import Output
from integration.executors.making import make_attempt
from integration.executors.name_server import serve_names
from integration.executors.servers import Seen, answer, serve

HOSTS = [
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "0.0.0.0",
    "localhost",
    "LOCALHOST",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
]
PUBLIC = "93.184.216.34"


@pytest.fixture(scope="module")
async def guarded() -> AsyncIterator[HttpRequestExecutor]:
    async with serve_names() as names, HttpRequestExecutor(name_servers=[names.address]) as executor:
        yield executor


@pytest.fixture(scope="module")
async def inside() -> AsyncIterator[Seen]:
    """A server on every address of this machine; nobody may connect to it."""
    async with serve(answer(body=b"secret"), host="") as seen:
        yield seen


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("host", HOSTS)
async def test_hostile_hosts(host: str, method: str, guarded: HttpRequestExecutor, inside: Seen) -> None:
    attempt = make_attempt("http_request", url=f"http://{host}:{inside.port}/", method=method)
    result = await guarded.run(attempt, Output())
    assert not result.succeeded
    assert result.final
    assert result.error_message is not None
    assert result.error_message.startswith("refused: ")
    assert inside.connections == 0


async def test_a_name_that_does_not_resolve_is_a_network_error(guarded: HttpRequestExecutor) -> None:
    attempt = make_attempt("http_request", url="http://no-such-host.invalid/")
    result = await guarded.run(attempt, Output())
    assert (result.succeeded, result.final) == (False, False)


async def test_the_message_names_address_and_remedy(guarded: HttpRequestExecutor, inside: Seen) -> None:
    attempt = make_attempt("http_request", url=f"http://127.0.0.2:{inside.port}/")
    message = (await guarded.run(attempt, Output())).error_message
    assert message is not None
    assert "127.0.0.2" in message
    assert "FOLIOT_WORKER_HTTP_ALLOW_NETWORKS" in message


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """Let names resolve to the next of `answers` (the last one again and again)."""
    left = list(answers)

    async def resolve(_self: object, host: str, port: int = 0, family: object = 0) -> list[ResolveResult]:
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=10 if ":" in address else 2, proto=6, flags=0)
            for address in addresses
        ]

    monkeypatch.setattr(Resolver, "resolve", resolve)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["::1", "127.0.0.1"], ["169.254.169.254", "10.0.0.1", "::1"]])
async def test_names_that_lead_inside(
    addresses: list[str],
    guarded: HttpRequestExecutor,
    inside: Seen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, addresses)
    attempt = make_attempt("http_request", url=f"http://rebind.example:{inside.port}/")
    result = await guarded.run(attempt, Output())
    assert result.final
    assert all(address in str(result.error_message) for address in addresses)
    assert inside.connections == 0


async def test_a_name_that_leads_elsewhere_the_second_time(inside: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer of the name is allowed, the next one is not: the check is made on each connection."""
    resolving(monkeypatch, ["127.0.0.3"], ["127.0.0.1"])
    async with (
        serve(answer(), host="127.0.0.3") as allowed,
        HttpRequestExecutor(allow_networks=[ip_network("127.0.0.3")]) as executor,
    ):
        url = f"http://rebind.example:{allowed.port}/"
        assert (await executor.run(make_attempt("http_request", url=url, method="POST"), Output())).succeeded
        url = f"http://rebind.example:{inside.port}/"
        result = await executor.run(make_attempt("http_request", url=url, method="POST"), Output())
    assert result.final
    assert inside.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"])
async def test_redirects_that_lead_inside(host: str, inside: Seen) -> None:
    redirect = answer("302 Found", f"Location: http://{host}:{inside.port}/latest/meta-data")
    async with (
        serve(redirect, host="127.0.0.3") as allowed,
        HttpRequestExecutor(allow_networks=[ip_network("127.0.0.3")]) as executor,
    ):
        attempt = make_attempt("http_request", url=f"http://127.0.0.3:{allowed.port}/", follow_redirects=True)
        result = await executor.run(attempt, Output())
    assert result.final
    assert str(result.error_message).startswith("refused: ")
    assert inside.connections == 0


async def test_an_allowed_network_is_reached() -> None:
    async with (
        serve(answer(body=b"hello")) as seen,
        HttpRequestExecutor(allow_networks=[ip_network("127.0.0.0/8")]) as executor,
    ):
        output = Output()
        result = await executor.run(make_attempt("http_request", url=seen.url), output)
    assert (result.succeeded, result.http_status) == (True, 200)
    assert "hello" in output.text()
