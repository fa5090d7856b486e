"""dead_letter_queue: a copy of the open dead letters, for other consumers. The table is the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from foliot.common.broker.guard import Down, Rejected
from foliot.common.broker.messages import DeadLetter, decode_dead_letter, encode, to_microseconds
from foliot.common.broker.publishing import Taken
from foliot.common.broker.topology import DEAD_LETTER_QUEUE
from foliot.scheduler.dispatcher import Publishes
from foliot.scheduler.unit import UnitsOfWork

BATCH = 100
LARGEST_PASS = 100_000


class Broker(Publishes, Protocol):
    async def ready_messages(self, queue: str) -> int: ...

    async def take(self, queue: str) -> Taken | None: ...


class DeadLetterQueue:
    """One leader's care for the queue: `copy` adds what is missing, `clear` takes out what was closed."""

    def __init__(self, database: UnitsOfWork, term: int, broker: Broker) -> None:
        self._database = database
        self._term = term
        self._broker = broker

    async def copy(self) -> None:
        """Publish what has no copy yet; a copy whose mark was lost is sent twice."""
        async with self._database.session() as unit:
            letters = await unit.dead_letters.select_unsent(BATCH)
        sent = []
        for row in letters:
            letter = DeadLetter(
                row.execution_id, row.job_id, to_microseconds(row.scheduled_time), row.attempt_number,
                row.error_message,
            )  # fmt: skip
            if not await self._publish(encode(letter), f"dead:{row.execution_id}"):
                break
            sent.append(row.execution_id)
        if sent:
            async with self._database.transaction() as unit:
                await unit.terms.hold_term(self._term)
                await unit.dead_letters.mark_sent(sent)

    async def clear(self) -> None:
        """If something was closed: pass once through the queue, ack what is closed, republish the rest."""
        async with self._database.session() as unit:
            if await unit.dead_letters.count_stale() == 0:
                return
            now = await unit.server.select_now()
        try:
            await self._pass()
        except (Down, Rejected):
            return
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            await unit.dead_letters.mark_removed(now)

    async def _pass(self) -> None:
        left = min(LARGEST_PASS, await self._broker.ready_messages(DEAD_LETTER_QUEUE))
        while left > 0:
            taken: list[Taken] = []
            while len(taken) < min(BATCH, left):
                message = await self._broker.take(DEAD_LETTER_QUEUE)
                if message is None:
                    left = 0
                    break
                taken.append(message)
            await self._sort(taken)
            left -= len(taken)

    async def _sort(self, taken: Sequence[Taken]) -> None:
        """Republished before it is acked: a crash in between leaves a copy too many, never one too few."""
        letters = [(message, _letter(message)) for message in taken]
        execution_ids = [letter.execution_id for _, letter in letters if letter is not None]
        async with self._database.session() as unit:
            still_open = await unit.dead_letters.select_open_among(execution_ids)
        for message, letter in letters:
            keep = letter is None or letter.execution_id in still_open
            if keep and not await self._publish(message.body, "dead"):
                raise Down("a dead letter could not be put back")
            await message.ack()

    async def _publish(self, body: bytes, message_id: str) -> bool:
        try:
            await self._broker.publish(DEAD_LETTER_QUEUE, body, message_id)
        except (Down, Rejected):
            return False
        return True


def _letter(message: Taken) -> DeadLetter | None:
    """None for what is no dead letter of ours: it stays."""
    try:
        return decode_dead_letter(message.body)
    except msgspec.DecodeError:
        return None
