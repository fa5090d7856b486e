"""Copies of dead letters for other consumers, in dead_letter_queue."""

from __future__ import annotations

from foliot.common.database import UnitsOfWork
from foliot.common.messages import DeadLetter, encode
from foliot.common.rabbitmq import Down, Rejected
from foliot.common.topology import DEAD_LETTER_QUEUE
from foliot.scheduler.dispatcher import Publishes, microseconds

BATCH = 100


class DeadLetterCopies:
    def __init__(self, database: UnitsOfWork, term: int, publisher: Publishes) -> None:
        self._database = database
        self._term = term
        self._publisher = publisher

    async def step(self) -> None:
        """Publish what has no copy yet; a copy whose mark was lost is sent twice."""
        async with self._database.session() as unit:
            letters = await unit.dead_letters.select_unsent(BATCH)
        sent = []
        for row in letters:
            letter = DeadLetter(
                row["execution_id"], row["job_id"], microseconds(row["scheduled_time"]), row["attempt_number"],
                row["error_message"],
            )  # fmt: skip
            try:
                await self._publisher.publish(DEAD_LETTER_QUEUE, encode(letter), f"dead:{row['execution_id']}")
            except (Down, Rejected):
                break
            sent.append(row["execution_id"])
        if sent:
            async with self._database.transaction() as unit:
                await unit.leader.hold_term(self._term)
                await unit.dead_letters.mark_sent(sent)
