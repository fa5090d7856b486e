"""Creations of many requests share a statement; each is answered when it is durable.

Coalesced without a timer: a batch is whatever arrived while the last one was under way. One at a time: what a batch
costs here and at PostgreSQL is its round trips, so that two half as big would cost more. Each step runs over the whole
batch before the next step starts: interleaving steps per request costs twice the CPU (cold caches).
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Sequence

import asyncpg
import msgspec
import structlog

from foliot.api.jobs.creation import Created, NewJob, create_jobs, refusal
from foliot.api.jobs.definition import decode
from foliot.api.queries.unit import Unit, UnitsOfWork
from foliot.api.web.bodies import parse_object
from foliot.api.web.callers import Caller
from foliot.api.web.changes import report
from foliot.common.errors import Unavailable
from foliot.common.ledger.splitting import split

LARGEST = 200
LARGEST_BYTES = 4 * 1024 * 1024
WAITING = 10_000
WAITING_BYTES = 64 * 1024 * 1024
_log = structlog.get_logger()


class Arrived(msgspec.Struct, frozen=True):
    """A request as it came."""

    body: bytes
    caller: Caller
    future: asyncio.Future[Created]


class Waiting(msgspec.Struct, frozen=True):
    """A valid request that is not answered yet; `size` of its body in bytes."""

    new: NewJob
    size: int
    future: asyncio.Future[Created]


class Coalescer:
    """Bounded: WAITING requests wait at most, of WAITING_BYTES in all; more are told to come again."""

    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database
        self._arrived: list[Arrived] = []
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0
        self._writing: asyncio.Task[None] | None = None

    async def create(self, body: bytes, caller: Caller) -> Created:
        """Raises Malformed, Invalid, Conflict (job_key) or Unavailable."""
        if len(self._arrived) + len(self._waiting) >= WAITING or self._bytes + len(body) > WAITING_BYTES:
            raise Unavailable("too many creations wait for PostgreSQL")
        loop = asyncio.get_running_loop()
        if not self._arrived:
            loop.call_soon(self._decode_arrived)
        future: asyncio.Future[Created] = loop.create_future()
        self._arrived.append(Arrived(body, caller, future))
        self._bytes += len(body)
        return await future

    def _decode_arrived(self) -> None:
        """What came in one turn of the event loop."""
        arrived, self._arrived = self._arrived, []
        for one in arrived:
            size = len(one.body)
            try:
                new = NewJob(definition=decode(parse_object(one.body)), caller=one.caller)
            except Exception as error:
                self._bytes -= size
                _answer(one.future, error)
            else:
                self._waiting.append(Waiting(new, size, one.future))
        if self._waiting and (self._writing is None or self._writing.done()):
            task = asyncio.create_task(self._write_all(), name="create-jobs", context=contextvars.Context())
            self._writing = task

    async def _write_all(self) -> None:
        """Over one connection for as long as requests wait."""
        while self._waiting:
            batch: Sequence[Waiting] = ()
            try:
                async with self._database.session() as unit:
                    while batch := self._take():
                        await _write(unit, batch)
            except Exception as error:
                for waiting in batch or self._take():
                    _answer(waiting.future, error)

    def _take(self) -> list[Waiting]:
        """The next batch, without those whose callers have gone."""
        taken: list[Waiting] = []
        size = 0
        while self._waiting and len(taken) < LARGEST and size < LARGEST_BYTES:
            taken.append(self._waiting.popleft())
            size += taken[-1].size
        self._bytes -= size
        return [waiting for waiting in taken if not waiting.future.done()]


async def _write(unit: Unit, batch: Sequence[Waiting]) -> None:
    """Durable when it returns. A job that PostgreSQL refuses is answered alone. Answers every request, or raises."""

    async def written(part: Sequence[Waiting]) -> None:
        answers = await create_jobs(unit, [waiting.new for waiting in part])
        log = _log.bind()
        for answer, waiting in zip(answers, part, strict=True):
            if isinstance(answer, Created):
                report(log, waiting.new.caller, "CREATE_JOB", "JOB", answer.job_id)
            _answer(waiting.future, answer)

    async def refused(waiting: Waiting, error: asyncpg.PostgresError) -> None:
        _answer(waiting.future, refusal(error, waiting.new) or error)

    await split(batch, written, refused)


def _answer(future: asyncio.Future[Created], answer: Created | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Created):
        future.set_result(answer)
    else:
        future.set_exception(answer)
