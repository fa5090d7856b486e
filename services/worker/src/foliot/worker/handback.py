"""Hand-back: deliveries that found no free slot return to the outbox, so that another worker gets them.

They go through PostgreSQL, whose commit comes before the ack: a crash in between costs a copy of the message, never
the execution.
"""

from __future__ import annotations

import asyncpg
import structlog

from foliot.common.errors import Unavailable
from foliot.worker import events, metrics
from foliot.worker.claimer import Doubtful
from foliot.worker.inbox import Held, Inbox, settle
from foliot.worker.unit import UnitsOfWork

HAND_BACK_EVERY = 1.0
"""Seconds between two looks for deliveries that waited too long."""
MAX_HANDED_BACK = 500
"""Executions that one statement hands back at most."""
_log = structlog.get_logger()


class HandBack:
    """The way from the inbox back to the outbox. `hold_seconds`: how long a delivery waits here for a slot."""

    def __init__(self, database: UnitsOfWork, inbox: Inbox, *, hold_seconds: float) -> None:
        self._database = database
        self._inbox = inbox
        self._hold_seconds = hold_seconds

    async def step(self) -> None:
        """A duty: hand back deliveries that waited too long. Raises Unavailable or PostgresError; then they stay."""
        held = self._inbox.take_older_than(self._hold_seconds, MAX_HANDED_BACK)
        if held:
            await self.give_back(held)

    async def stop(self, doubtful: Doubtful | None) -> None:
        """At a stop, when the claimer has ended: release its interrupted claim, and hand back everything in the inbox.

        The claim may have been committed or not, so its batch is handed back too. If PostgreSQL is away, it still
        ends well: closing the channel frees the messages, and the lease runs out.
        """
        try:
            if doubtful is not None:
                self._inbox.put_back(doubtful.batch)
                async with self._database.session() as unit:
                    handles = [item.handle for item in doubtful.new.values()]
                    await unit.claims.release_claimed(handles, doubtful.claim)
            while held := self._inbox.take(MAX_HANDED_BACK):
                await self.give_back(held)
        except (Unavailable, asyncpg.PostgresError) as error:
            _log.warning(events.HAND_BACK_FAILED, error=error, held=len(self._inbox))

    async def give_back(self, held: list[Held]) -> None:
        """Hand these back and ack them. Raises Unavailable or PostgresError after it has put them back into the inbox:
        whatever the error, the deliveries are neither lost nor held without an ack for ever."""
        try:
            async with self._database.session() as unit:
                await unit.claims.hand_back([item.handle for item in held])
        except Exception:
            self._inbox.put_back(held)
            raise
        await settle(held)
        metrics.HANDED_BACK.inc(len(held))
        _log.info(events.HANDED_BACK, count=len(held))
