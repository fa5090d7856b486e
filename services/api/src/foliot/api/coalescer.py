"""Creations of many requests share a statement; each is answered when it is durable.

Coalesced without a timer: a batch is whatever arrived while the last one was under way. One at a time: what a batch
costs here and at PostgreSQL is its round trips, so that two half as big would cost more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from foliot.api.creation import Created, NewJob, create_jobs, refusal
from foliot.common.database import UnitsOfWork
from foliot.common.errors import Unavailable
from foliot.common.repositories.unit import Unit

LARGEST = 200
LARGEST_BYTES = 4 * 1024 * 1024
WAITING = 10_000
WAITING_BYTES = 64 * 1024 * 1024


class Waiting(NamedTuple):
    """A request that is not answered yet; `size` of its body in bytes."""

    new: NewJob
    size: int
    future: asyncio.Future[Created]


class Coalescer:
    """Bounded: WAITING requests wait at most, of WAITING_BYTES in all; more are told to come again."""

    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0
        self._writing: asyncio.Task[None] | None = None

    async def create(self, new: NewJob, size: int) -> Created:
        """`size`: bytes of its body. Raises Invalid, Conflict (job_key) or Unavailable."""
        if len(self._waiting) >= WAITING or self._bytes + size > WAITING_BYTES:
            raise Unavailable("too many creations wait for PostgreSQL")
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(new, size, future))
        self._bytes += size
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), name="create-jobs")
        created: Created = await future
        return created

    async def _write_all(self) -> None:
        """Over one connection for as long as requests wait."""
        while self._waiting:
            batch: Sequence[Waiting] = ()
            try:
                async with self._database.session() as unit:
                    while batch := self._take():
                        await _write(unit, batch)
            except Exception as error:
                _answer(batch or self._take(), error)

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
    """Durable when it returns; split until what PostgreSQL refuses stands alone. Answers every request, or raises."""
    try:
        answers = await create_jobs(unit, [waiting.new for waiting in batch])
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        if len(batch) > 1:
            middle = len(batch) // 2
            await _write(unit, batch[:middle])
            await _write(unit, batch[middle:])
        else:
            _answer(batch, refusal(error, batch[0].new) or error)
        return
    for answer, waiting in zip(answers, batch, strict=True):
        _answer([waiting], answer)


def _answer(waiting: Sequence[Waiting], answer: Created | Exception) -> None:
    for _, _, future in waiting:
        if not future.done():
            future.set_result(answer) if isinstance(answer, Created) else future.set_exception(answer)
