"""The door of every change: one transaction, one kept answer, one log line after the commit."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs

from foliot.api.queries.idempotency_keys import KeptAnswer, RequestKey
from foliot.api.web.auth import Principal, Role
from foliot.api.web.bodies import JsonAnswer
from foliot.api.web.callers import let_in
from foliot.api.web.changes import FIRST_ANSWER_SECONDS, Changes
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import Conflict, Invalid, RolledBack, Unavailable
from foliot.common.ledger import again
from support.clocks import ManualClock


class Fake:
    """A database that keeps answers when a transaction is committed; `held`: how often a key is found locked."""

    def __init__(self, held: int = 0) -> None:
        self.held = held
        self.kept: dict[str, KeptAnswer] = {}
        self.transactions = 0
        self._pending: dict[str, KeptAnswer] = {}

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        self.transactions += 1
        self._pending = {}
        yield self
        self.kept |= self._pending

    @property
    def idempotency_keys(self) -> Fake:
        return self

    async def lock_key(self, key: RequestKey) -> bool:
        self.held -= 1
        return self.held < 0

    async def select_answer(self, key: RequestKey) -> KeptAnswer | None:
        return self.kept.get(key.key)

    async def insert_answer(self, key: RequestKey, body_hash: bytes, status: int, headers: Any, body: str) -> None:
        self._pending[key.key] = KeptAnswer(body_hash, status, headers, body)


def a_request(key: str | None = "k") -> web.Request:
    request = make_mocked_request("POST", "/v1/things", headers={} if key is None else {"Idempotency-Key": key})
    let_in(request, Principal(1, 1, None, Role.ADMIN), "r", None)
    return request


class Made:
    """Work that counts its calls."""

    def __init__(self, answer: JsonAnswer | Exception) -> None:
        self.answer, self.calls = answer, 0

    async def __call__(self, change: OpenChange) -> JsonAnswer:
        self.calls += 1
        change.note("MAKE", "THING", 5)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def doors(database: Any, clock: ManualClock | None = None) -> Changes:
    return Changes(database, clock or ManualClock())


def text(response: web.Response) -> str:
    assert isinstance(response.body, bytes)
    return response.body.decode()


async def test_the_same_request_gets_the_first_answer_again() -> None:
    changes, work = doors(Fake()), Made(JsonAnswer(status=201, body={"id": 5}, headers={"ETag": '"1"'}))
    first, second = [await changes.make(a_request(), work, body=b"x") for _ in range(2)]
    assert (first.status, text(first), first.headers["ETag"]) == (second.status, text(second), second.headers["ETag"])
    assert work.calls == 1


async def test_without_a_key_each_request_is_a_change() -> None:
    database, work = Fake(), Made(JsonAnswer(status=204))
    for _ in range(2):
        await doors(database).make(a_request(None), work)
    assert (work.calls, database.kept) == (2, {})


async def test_another_body_under_the_same_key_is_refused() -> None:
    changes, work = doors(Fake()), Made(JsonAnswer())
    await changes.make(a_request(), work, body=b"x")
    with pytest.raises(Invalid) as refused:
        await changes.make(a_request(), work, body=b"y")
    assert refused.value.code == "idempotency_key_reused"


async def test_a_hidden_member_is_answered_once() -> None:
    changes, work = doors(Fake()), Made(JsonAnswer(status=201, body={"key_id": 5, "key": "secret"}))
    assert "secret" in text(await changes.make(a_request(), work, hidden=("key",)))
    again = text(await changes.make(a_request(), work, hidden=("key",)))
    assert ("secret" in again, "key_id" in again) == (False, True)


async def test_a_conflict_is_kept_and_other_errors_leave_no_trace() -> None:
    database = Fake()
    with pytest.raises(Invalid):
        await doors(database).make(a_request(), Made(Invalid([])))
    assert database.kept == {}
    with pytest.raises(Conflict):
        await doors(database).make(a_request(), Made(Conflict("state", "no")))
    work = Made(JsonAnswer())
    again = await doors(database).make(a_request(), work)
    assert (again.status, again.content_type, work.calls) == (409, "application/problem+json", 0)


async def test_a_request_waits_for_the_first_one_with_its_key() -> None:
    clock, work = ManualClock(), Made(JsonAnswer())
    began = clock.elapsed()
    assert (await doors(Fake(held=20), clock).make(a_request(), work)).status == 200
    assert clock.elapsed() - began == pytest.approx(1)
    assert work.calls == 1


async def test_it_waits_by_the_given_clock_and_not_for_ever() -> None:
    clock, work = ManualClock(), Made(JsonAnswer())
    began = clock.elapsed()
    with pytest.raises(Conflict) as refused:
        await doors(Fake(held=10_000), clock).make(a_request(), work)
    assert (refused.value.code, work.calls) == ("in_flight", 0)
    assert FIRST_ANSWER_SECONDS <= clock.elapsed() - began < FIRST_ANSWER_SECONDS + 0.2


async def test_a_change_is_logged_once_it_is_committed() -> None:
    with capture_logs() as lines:
        await doors(Fake()).make(a_request(), Made(JsonAnswer()))
        with pytest.raises(Conflict):
            await doors(Fake()).make(a_request(), Made(Conflict("state", "no")))
    assert [(line["action"], line["thing_id"], line["key_id"]) for line in lines] == [("MAKE", 5, 1)]


class Deadlocks(Fake):
    """Its first commits are rolled back for the sake of others."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        async with super().transaction() as unit:
            yield unit
            self.times -= 1
            if self.times >= 0:
                raise RolledBack("a deadlock")


@pytest.mark.parametrize("key", [None, "k"])
async def test_a_change_that_was_rolled_back_is_made_again_and_told_once(
    key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "CLOCK", ManualClock())
    database, work = Deadlocks(2), Made(JsonAnswer(status=201))
    with capture_logs() as lines:
        response = await doors(database).make(a_request(key), work)
    assert (response.status, work.calls, len(lines)) == (201, 3, 1)


async def test_one_that_is_rolled_back_again_and_again_is_left_to_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "CLOCK", ManualClock())
    database, work = Deadlocks(9), Made(JsonAnswer(status=201))
    with pytest.raises(Unavailable), capture_logs() as lines:
        await doors(database).make(a_request(None), work)
    assert (work.calls, lines) == (4, [])
