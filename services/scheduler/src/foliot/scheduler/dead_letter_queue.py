"""dead_letter_queue: a copy of the open dead letters, for other consumers. The table is the truth."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from foliot.common.broker.guard import Down, Rejected
from foliot.common.broker.messages import DeadLetter, decode_dead_letter, encode, to_microseconds
from foliot.common.broker.publishing import Taken
from foliot.common.broker.topology import DEAD_LETTER_QUEUE
from foliot.common.ledger.again import again
from foliot.scheduler.dispatcher import Publishes
from foliot.scheduler.unit import Unit, UnitsOfWork

LETTERS_PER_BATCH = 100
"""Dead letters that are published, or taken from the queue and looked up, at once."""
LETTERS_PER_PASS = 100_000
"""Most messages that one pass over the queue takes. Others arrive while it runs, so the pass needs an end."""


class Broker(Publishes, Protocol):
    """The part of a broker that the copy needs. `take` gives None if the queue is empty."""

    async def ready_messages(self, queue: str) -> int: ...

    async def take(self, queue: str) -> Taken | None: ...


class DeadLetterQueue:
    """Keeps the queue like the table, under one term: `copy` adds letters, `clear` removes those that were closed."""

    COPY_INTERVAL = 1.0
    """Seconds between two looks for letters without a copy."""
    CLEAR_INTERVAL = 10.0
    """Seconds between two looks for closed letters. Queue and table are to agree within 60 s."""

    def __init__(self, database: UnitsOfWork, term: int, broker: Broker) -> None:
        self._database = database
        self._term = term
        self._broker = broker

    async def copy(self) -> None:
        """Publish the letters that have no copy yet and mark them. A letter without its mark (after a crash in between)
        is published twice."""
        async with self._database.session() as unit:
            rows = await unit.dead_letters.select_unsent(LETTERS_PER_BATCH)
        sent = []
        for row in rows:
            letter = DeadLetter(
                execution_id=row.execution_id,
                job_id=row.job_id,
                scheduled_time_us=to_microseconds(row.scheduled_time),
                attempt_number=row.attempt_number,
                error_message=row.error_message,
            )
            if not await self._publish(encode(letter), f"dead:{row.execution_id}"):
                break
            sent.append(row.execution_id)
        if sent:
            await self._mark(lambda unit: unit.dead_letters.mark_sent(sent))

    async def clear(self) -> None:
        """If letters were closed, pass once through the queue: ack their copies, republish the others."""
        async with self._database.session() as unit:
            if await unit.dead_letters.count_stale() == 0:
                return
            now = await unit.server.select_now()
        try:
            await self._pass()
        except (Down, Rejected):
            return
        await self._mark(lambda unit: unit.dead_letters.mark_removed(now))

    @again
    async def _mark(self, mark: Callable[[Unit], Awaitable[object]]) -> None:
        """One write under the term. Raises Fenced."""
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            await mark(unit)

    async def _pass(self) -> None:
        left = min(LETTERS_PER_PASS, await self._broker.ready_messages(DEAD_LETTER_QUEUE))
        while left > 0:
            taken: list[Taken] = []
            while len(taken) < min(LETTERS_PER_BATCH, left):
                message = await self._broker.take(DEAD_LETTER_QUEUE)
                if message is None:
                    left = 0
                    break
                taken.append(message)
            await self._sort(taken)
            left -= len(taken)

    async def _sort(self, taken: Sequence[Taken]) -> None:
        """Republish the copies of open letters, and ack all. The ack comes last: a crash in between leaves one copy too
        many, never one too few."""
        letters = [_letter(message) for message in taken]
        execution_ids = [letter.execution_id for letter in letters if letter is not None]
        async with self._database.session() as unit:
            still_open = await unit.dead_letters.select_open_among(execution_ids)
        for message, letter in zip(taken, letters, strict=True):
            keep = letter is None or letter.execution_id in still_open
            if keep and not await self._publish(message.body, "dead"):
                raise Down("a dead letter could not be put back")
            await message.ack()

    async def _publish(self, body: bytes, message_id: str) -> bool:
        """True if the broker holds the message."""
        try:
            await self._broker.publish(DEAD_LETTER_QUEUE, body, message_id)
        except (Down, Rejected):
            return False
        return True


def _letter(message: Taken) -> DeadLetter | None:
    """The letter in a message, None if the message is no dead letter of ours: such a message stays in the queue."""
    try:
        return decode_dead_letter(message.body)
    except msgspec.DecodeError:
        return None
