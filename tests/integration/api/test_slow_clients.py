"""Slow clients: each phase of a connection has a bound, and nobody holds more than one answer.

With short bounds, on the product's own connections; the client waits for what the server does, never for a time.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from foliot.api.web import large_answers, reads
from foliot.common.process.connections import Bounds
from support.databases import TestDatabase
from support.raw_http import exchange, read_answer

from .conftest import SCRIPT, Api, open_api

LONG = 60.0
SHORT = 0.2
JSON = "Content-Type: application/json"


@pytest.fixture(params=["head", "body", "write", "idle"])
def short(request: pytest.FixtureRequest) -> str:
    phase: str = request.param
    return phase


@pytest.fixture
async def bounded(module_database: TestDatabase, short: str) -> AsyncIterator[Api]:
    """An API that is impatient in one phase only."""
    bounds = dict.fromkeys(("head", "body", "write", "idle"), LONG) | {short: SHORT}
    async with open_api(module_database, Bounds(**bounds, look_every=0.05)) as opened:
        yield opened


def request(api: Api, method: str, target: str, *more: str) -> bytes:
    return "\r\n".join(
        [f"{method} {target} HTTP/1.1", "Host: x", f"Authorization: Bearer {api.key}", *more, "", ""]
    ).encode()


@pytest.mark.parametrize("short", ["head"], indirect=True)
@pytest.mark.parametrize("sent", [b"", b"GET /v1/jobs HTTP/1.1\r\nHost:"])
async def test_half_a_head(bounded: Api, sent: bytes) -> None:
    assert await exchange(bounded.client.port, sent) is None


@pytest.mark.parametrize("short", ["head"], indirect=True)
async def test_half_a_head_after_an_answer(bounded: Api) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", bounded.client.port)
    writer.write(request(bounded, "GET", "/healthz"))
    answer = await read_answer(reader)
    assert answer is not None
    assert answer.status == 200
    writer.write(b"GET /healthz HTTP/1.1\r\n")
    assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("short", ["body"], indirect=True)
async def test_half_a_body(bounded: Api) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", bounded.client.port)
    writer.write(request(bounded, "POST", "/v1/jobs", JSON, "Content-Length: 100") + b"{")
    answer = await read_answer(reader)
    assert answer is not None
    assert answer.status == 408
    assert answer.problem()["code"] == "too_slow"
    assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("short", ["idle"], indirect=True)
async def test_nothing_after_an_answer(bounded: Api) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", bounded.client.port)
    writer.write(request(bounded, "GET", "/healthz"))
    answer = await read_answer(reader)
    assert answer is not None
    assert await reader.read() == b""
    writer.close()


async def large_list(api: Api) -> str:
    """The target of an answer of about 4 MB: the audit rows of large jobs."""
    script = {"script": "x" * 200_000}
    for n in range(20):
        await api.create(job_name=f"large {n}", payload=script)
    return "/v1/audit-logs?limit=200"


async def held(port: int, sent: bytes) -> socket.socket:
    """A client that asks and does not read."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    await loop.sock_sendall(client, sent)
    return client


@pytest.mark.parametrize("short", ["write"], indirect=True)
async def test_an_answer_that_is_not_taken(bounded: Api) -> None:
    """Is cut, and gives its room back."""
    target = await large_list(bounded)
    clients = [await held(bounded.client.port, request(bounded, "GET", target)) for _ in range(3)]
    loop = asyncio.get_running_loop()
    while large_answers._room.taken == 0:
        await asyncio.sleep(0)
    while large_answers._room.taken > 0:  # ends when the connections are cut; the test's timeout otherwise
        await asyncio.sleep(0.01)
    for client in clients:
        with pytest.raises(ConnectionError):
            while await loop.sock_recv(client, 1_000_000):
                pass
            raise ConnectionResetError
        client.close()


@pytest.mark.parametrize("short", ["idle"], indirect=True)
async def test_large_answers_are_bounded_in_sum(bounded: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    target = await large_list(bounded)
    whole: tuple[int, Any, Any] = await bounded.call("GET", target)
    assert whole[0] == 200
    assert len(whole[1]["items"]) > 10
    monkeypatch.setattr(large_answers, "ROOM_BYTES", 1_000_000)
    status, problem, headers = await bounded.call("GET", target)
    assert (status, problem["code"]) == (503, "busy")
    assert headers["Retry-After"]
    assert (await bounded.call("POST", "/v1/jobs", SCRIPT))[0] == 201


async def test_a_page_of_large_audit_rows_is_cut_and_goes_on(database: TestDatabase) -> None:
    async with open_api(database) as api:
        for n in range(30):
            await api.create(job_name=f"large {n}", payload={"script": "x" * 250_000})
        seen: list[int] = []
        target, pages = "/v1/audit-logs?limit=200", 0
        while target:
            status, page, _ = await api.call("GET", target)
            assert status == 200
            seen += [row["audit_id"] for row in page["items"]]
            pages += 1
            target = page["next_cursor"] and f"/v1/audit-logs?limit=200&cursor={page['next_cursor']}"
        assert pages == 2
        rows = await api.rows("SELECT audit_id FROM audit_logs ORDER BY audit_id DESC")
        assert seen == [row["audit_id"] for row in rows]


async def test_lists_wait_for_their_turn(database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "WAIT_SECONDS", SHORT)
    async with open_api(database) as api, database.owner() as owner, owner.transaction():
        await owner.execute("LOCK TABLE jobs, listed_jobs IN ACCESS EXCLUSIVE MODE")
        answers = await asyncio.gather(*(api.call("GET", "/v1/jobs") for _ in range(reads.LISTS_AT_ONCE + 2)))
    assert [status for status, _, _ in answers] == [503] * len(answers)
    assert sorted(problem["code"] for _, problem, _ in answers)[:2] == ["busy", "busy"]
