"""Coalescing: creations of many requests share one statement; each is answered when its job is durable.

No timer: a batch is whatever arrived while the last one was being written. One batch at a time: its cost here and at
PostgreSQL is its round trips, so that two half as big would cost more. Each step runs over the whole batch before the
next step starts: interleaving steps per request costs twice the CPU (cold caches).
"""

from __future__ import annotations

import asyncio
import contextlib
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
from foliot.api.web.open_change import log_change
from foliot.common.errors import Unavailable
from foliot.common.ledger.again import again
from foliot.common.ledger.faults import HELD
from foliot.common.ledger.splitting import split

BATCH_JOBS = 200
BATCH_BYTES = 4 * 1024 * 1024
"""A batch takes no further job when it has reached one of these: what a statement holds is decoded, stored and, if it
is refused, halved at once, and everybody in it waits for that."""
MAX_WAITING = 10_000
MAX_WAITING_BYTES = 64 * 1024 * 1024
"""Requests, and the bytes of their bodies, that wait at most: the memory of an API whose PostgreSQL hangs."""
APART_SECONDS = 10.0
"""Time in which the jobs of a batch that met a lock are stored one by one; what is left is refused as Unavailable."""
_log = structlog.get_logger()


class Arrived(msgspec.Struct, frozen=True):
    """A request whose body is not parsed yet."""

    body: bytes
    caller: Caller
    future: asyncio.Future[Created]


class Waiting(msgspec.Struct, frozen=True):
    """A valid request that is not answered yet. `size`: of its body, in bytes."""

    new: NewJob
    size: int
    future: asyncio.Future[Created]


class Coalescer:
    """The queue of creations and its one writer. Bounded: beyond MAX_WAITING a request is refused as Unavailable."""

    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database
        self._arrived: list[Arrived] = []
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0
        self._writing: asyncio.Task[None] | None = None
        self._apart: set[asyncio.Task[None]] = set()

    async def create(self, body: bytes, caller: Caller) -> Created:
        """Raises Malformed, Invalid, Conflict (job_key) or Unavailable."""
        if len(self._arrived) + len(self._waiting) >= MAX_WAITING or self._bytes + len(body) > MAX_WAITING_BYTES:
            raise Unavailable("too many creations wait for PostgreSQL")
        loop = asyncio.get_running_loop()
        if not self._arrived:
            loop.call_soon(self._decode_arrived)
        future: asyncio.Future[Created] = loop.create_future()
        self._arrived.append(Arrived(body, caller, future))
        self._bytes += len(body)
        return await future

    def _decode_arrived(self) -> None:
        """Parse and check all that came in one turn of the event loop."""
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
        """Write batch after batch over one connection until no request waits. If PostgreSQL hangs, all that wait are
        answered with the batch: each would be the next one's turn only to hear the same, after as long again."""
        while self._waiting:
            batch: Sequence[Waiting] = ()
            try:
                async with self._database.session() as unit:
                    while batch := self._take():
                        await self._write(unit, batch)
            except Exception as error:
                failed = [*batch] or self._take()
                while self._waiting and isinstance(error.__cause__, TimeoutError):
                    failed += self._take()
                for waiting in failed:
                    _answer(waiting.future, error)

    async def _write(self, unit: Unit, batch: Sequence[Waiting]) -> None:
        """Store the batch. If it met another transaction's lock, the jobs without a job_key are stored at once: only
        those with one can wait for somebody. Raises the error if there are none."""
        try:
            await _write_batch(unit, batch)
        except HELD:
            left = [waiting for waiting in batch if not waiting.future.done()]
            keyed = [waiting for waiting in left if waiting.new.definition.job_key is not None]
            if not keyed:
                raise
            self._write_beside(keyed)
            if rest := [waiting for waiting in left if waiting.new.definition.job_key is None]:
                await _write_batch(unit, rest)

    def _write_beside(self, keyed: Sequence[Waiting]) -> None:
        task = asyncio.create_task(self._write_apart(keyed), name="create-apart", context=contextvars.Context())
        self._apart.add(task)
        task.add_done_callback(self._apart.discard)

    async def _write_apart(self, batch: Sequence[Waiting]) -> None:
        """Store each job alone, beside the batches that follow, so that nobody waits for a neighbour's lock."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(APART_SECONDS):
                for waiting in batch:
                    if waiting.future.done():  # the caller has gone, or was told of an error
                        continue
                    try:
                        await self._write_alone(waiting)
                    except Exception as error:
                        _answer(waiting.future, error)
        for waiting in batch:
            _answer(waiting.future, Unavailable("other creations with the same job_key are under way"))

    @again
    async def _write_alone(self, waiting: Waiting) -> None:
        async with self._database.session() as unit:
            await _write_batch(unit, [waiting])

    def _take(self) -> list[Waiting]:
        """The next batch, without requests whose callers have gone."""
        taken: list[Waiting] = []
        size = 0
        while self._waiting and len(taken) < BATCH_JOBS and size < BATCH_BYTES:
            taken.append(self._waiting.popleft())
            size += taken[-1].size
        self._bytes -= size
        return [waiting for waiting in taken if not waiting.future.done()]


async def _write_batch(unit: Unit, batch: Sequence[Waiting]) -> None:
    """Store the batch and answer every request, or raise. A job that PostgreSQL refuses is answered alone."""

    async def written(part: Sequence[Waiting]) -> None:
        answers = await create_jobs(unit, [waiting.new for waiting in part])
        log = _log.bind()
        for answer, waiting in zip(answers, part, strict=True):
            if isinstance(answer, Created):
                log_change(log, waiting.new.caller, "CREATE_JOB", "JOB", answer.job_id)
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
