"""Each request of a batch is answered, whatever becomes of the batch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import pytest

from foliot.api.jobs import coalescer
from foliot.api.jobs.coalescer import Coalescer
from foliot.api.jobs.creation import Created
from foliot.api.web.auth import Principal, Role
from foliot.api.web.callers import Caller
from foliot.common.errors import Unavailable
from foliot.common.ledger.definitions import Creation

Insert = Callable[[list[str]], None]


class Fake:
    """A database that stores the job_names of each batch; `insert` may refuse them."""

    def __init__(self, insert: Insert = lambda _: None) -> None:
        self.insert = insert
        self.sessions, self.batches = 0, list[list[str]]()

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Any]:
        self.sessions += 1
        yield self

    @property
    def definitions(self) -> Fake:
        return self

    async def reserve_job_ids(self, count: int) -> tuple[datetime, Sequence[int]]:
        await asyncio.sleep(0)
        return datetime.now(UTC), range(1, count + 1)

    async def insert_created(self, creations: Sequence[Creation]) -> None:
        names = [orjson.loads(orjson.dumps(creation["definition"]))["job_name"] for creation in creations]
        self.insert(names)
        self.batches.append(names)


CALLER = Caller(
    principal=Principal(1, 1, None, Role.ADMIN), request_id="r", traceparent=None, ip_address=None, user_agent=""
)


def body(name: str, size: int = 0) -> bytes:
    job = {"job_name": name, "job_type": "script", "schedule": "manual", "payload": {"script": "true"}}
    return orjson.dumps(job).ljust(size)


async def create(coalesced: Coalescer, *names: str, size: int = 100) -> list[str]:
    """What became of each: its job_name, or the error's type."""
    made = await asyncio.gather(*(coalesced.create(body(name, size), CALLER) for name in names), return_exceptions=True)
    return [type(one).__name__ if isinstance(one, BaseException) else name_of(one) for one in made]


def name_of(created: Created) -> str:
    name: str = orjson.loads(b"{%b}" % created.shown)["job_name"]
    return name


async def test_what_came_together_shares_a_statement_and_a_connection() -> None:
    database: Any = Fake()
    names = [f"job {n}" for n in range(450)]
    assert await create(Coalescer(database), *names) == names
    assert [len(batch) for batch in database.batches] == [200, 200, 50]
    assert database.sessions == 1


async def test_what_is_refused_stands_alone() -> None:
    def insert(names: list[str]) -> None:
        if "bad" in names:
            raise asyncpg.DataError("no")

    database: Any = Fake(insert)
    assert await create(Coalescer(database), *"abc", "bad", *"def") == [*"abc", "DataError", *"def"]
    assert sorted(name for batch in database.batches for name in batch) == [*"abcdef"]


async def test_a_server_that_is_away_is_told_to_all_who_wait_and_asked_again_by_the_next() -> None:
    class Away(Fake):
        @contextlib.asynccontextmanager
        async def session(self) -> AsyncIterator[Any]:
            self.sessions += 1
            if self.sessions <= 3:
                raise Unavailable("away")
            yield self

    database: Any = Away()
    coalesced = Coalescer(database)
    assert await create(coalesced, *(["x"] * 450)) == ["Unavailable"] * 450
    assert await create(coalesced, "y") == ["y"]


async def test_a_connection_that_breaks_fails_its_batch_and_no_other() -> None:
    def insert(names: list[str]) -> None:
        if names[0] == "job 200":
            raise ConnectionResetError

    database: Any = Fake(insert)
    names = [f"job {n}" for n in range(450)]
    made = await create(Coalescer(database), *names)
    assert made == names[:200] + ["ConnectionResetError"] * 200 + names[400:]


async def test_a_caller_who_has_gone_gets_no_job() -> None:
    database: Any = Fake()
    coalesced = Coalescer(database)
    gone = asyncio.ensure_future(coalesced.create(body("gone"), CALLER))
    stays = asyncio.ensure_future(coalesced.create(body("stays"), CALLER))
    asyncio.get_running_loop().call_soon(gone.cancel)
    assert name_of(await stays) == "stays"
    assert gone.cancelled()
    assert database.batches == [["stays"]]


async def test_no_more_wait_than_are_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescer, "MAX_WAITING", 3)
    database: Any = Fake()
    assert await create(Coalescer(database), *"abcde") == [*"abc", "Unavailable", "Unavailable"]


async def test_big_bodies_make_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescer, "BATCH_BYTES", 1_000)
    database: Any = Fake()
    await create(Coalescer(database), *"abcde", size=500)
    assert [len(batch) for batch in database.batches] == [2, 2, 1]


async def test_what_waits_is_bounded_in_bytes_and_makes_room_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescer, "MAX_WAITING_BYTES", 1_000)
    database: Any = Fake()
    coalesced = Coalescer(database)
    assert await create(coalesced, *"abc", size=500) == ["a", "b", "Unavailable"]
    assert await create(coalesced, *"de", size=500) == ["d", "e"]


async def test_a_body_that_is_wrong_is_refused_beside_its_neighbours_and_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalescer, "MAX_WAITING_BYTES", 1_000)
    database: Any = Fake()
    coalesced = Coalescer(database)
    wrong = [b"{".ljust(400), b'{"job_name": "x"}'.ljust(400)]
    made = await asyncio.gather(
        *(coalesced.create(one, CALLER) for one in (*wrong, body("right"))), return_exceptions=True
    )
    assert [type(one).__name__ for one in made] == ["Malformed", "Invalid", "Created"]
    assert await create(coalesced, *"ab", size=500) == ["a", "b"]


async def test_the_caller_may_go_before_the_body_is_looked_at() -> None:
    database: Any = Fake()
    coalesced = Coalescer(database)
    gone = asyncio.ensure_future(coalesced.create(b"{", CALLER))
    await asyncio.sleep(0)
    gone.cancel()
    assert await create(coalesced, "stays") == ["stays"]
    assert gone.cancelled()
