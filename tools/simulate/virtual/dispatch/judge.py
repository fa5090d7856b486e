"""The judge of dispatch: every message that was sent, and what the broker has said of it."""

from __future__ import annotations

from foliot.scheduler.dispatcher import WEDGED_AFTER
from simulate.virtual.story import Stage


class Judge:
    """Told of each message, by its message_id, from `sent` to `confirmed`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.outstanding: set[str] = set()
        self._tried: set[str] = set()
        self._again: set[str] = set()
        self._alone = True

    def sent(self, message_id: str) -> None:
        self._stage.note("dispatcher", f"sends {message_id}")
        self.outstanding.add(message_id)

    def publishing(self, message_id: str) -> None:
        """A publish begins. Those that are tried again come one at a time until the broker confirms one."""
        if message_id in self._tried:
            self._stage.note("dispatcher", f"tries {message_id} again")
            if not self._again and not self._confirmed_last:
                self._alone = True
            self._stage.expect(
                not (self._again and self._alone), "the first is sent again alone",
                lambda: f"{message_id} beside {', '.join(sorted(self._again))}",
            )  # fmt: skip
            self._again.add(message_id)
        self._tried.add(message_id)

    _confirmed_last = False

    def confirmed(self, message_id: str) -> None:
        self.outstanding.discard(message_id)
        if message_id in self._again:
            self._again.discard(message_id)
            self._alone, self._confirmed_last = False, True
        self._stage.note("broker", f"confirms {message_id}")

    def refused(self, message_id: str) -> None:
        if message_id in self._again:
            self._again.discard(message_id)
            self._confirmed_last = False
        self._stage.note("broker", f"does not confirm {message_id}")

    def rebuilding(self, queue: str, silent: int) -> None:
        self._stage.note("dispatcher", f"rebuilds {queue}")
        self._stage.expect(
            silent >= WEDGED_AFTER, "only a wedged queue is rebuilt", lambda: f"{queue} was silent {silent} times"
        )
