"""The judge of dispatch: every message that was sent, and what the broker has said of it."""

from __future__ import annotations

import asyncio

from foliot.scheduler.dispatcher import WEDGED_AFTER
from simulate.virtual.story import Stage

RESEND = "resend"
"""The name of the task that performs the duty."""


class Judge:
    """Told of each message, by its message_id, from `sent` to `confirmed`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.outstanding: set[str] = set()
        self._tried: set[str] = set()
        self._first: str | None = None
        self._may_follow: set[str] = set()

    def sent(self, message_id: str) -> None:
        self._stage.note("dispatcher", f"sends {message_id}")
        self.outstanding.add(message_id)

    def publishing(self, message_id: str) -> None:
        """A publish begins. The duty `resend` itself tries one message; others follow when that one is confirmed."""
        task = asyncio.current_task()
        if task is not None and task.get_name() == RESEND:
            self._stage.note("dispatcher", f"tries {message_id} again")
            self._first = message_id
        elif message_id in self._tried:
            follows = message_id in self._may_follow
            self._stage.expect(follows, "the first is sent again alone", lambda: f"{message_id} went beside it")
            self._may_follow.discard(message_id)

    def confirmed(self, message_id: str) -> None:
        self._stage.note("broker", f"confirms {message_id}")
        self.outstanding.discard(message_id)
        if message_id == self._first:
            self._may_follow |= self.outstanding

    def refused(self, message_id: str) -> None:
        self._stage.note("broker", f"does not confirm {message_id}")
        self._tried.add(message_id)

    def rebuilding(self, queue: str, silent: int) -> None:
        self._stage.note("dispatcher", f"rebuilds {queue}")
        self._stage.expect(
            silent >= WEDGED_AFTER, "only a wedged queue is rebuilt", lambda: f"{queue} was silent {silent} times"
        )
