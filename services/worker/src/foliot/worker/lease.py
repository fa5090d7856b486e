"""The claim token of this process and the deadline up to which what it claimed may run.

The deadline counts from before the claim or heartbeat was sent, on a clock that goes on while the machine sleeps: it
passes before the server's lease does, and then everything that runs under the token is killed.
"""

from __future__ import annotations

import secrets

from foliot.common.clock import Clock

MARGIN = 5.0


class Lease:
    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self.seconds = seconds
        self.claim = 0
        self.deadline = 0.0
        self.renew_token()

    def renew_token(self) -> None:
        """A new claim token: what ran under the former is void."""
        self.claim = secrets.randbits(62) + 1
        self.deadline = 0.0

    def deadline_from(self, sent_at: float) -> float:
        return sent_at + self.seconds - MARGIN * self.seconds / 30.0

    def extend(self, sent_at: float) -> None:
        """The server took a heartbeat that was sent at `sent_at`."""
        self.deadline = max(self.deadline, self.deadline_from(sent_at))

    @property
    def left(self) -> float:
        """Seconds until the deadline; negative: passed."""
        return self.deadline - self._clock.elapsed()

    @property
    def holds(self) -> bool:
        return self.left > 0
