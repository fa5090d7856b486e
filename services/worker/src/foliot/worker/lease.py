"""The claim token of this process, and the deadline up to which attempts claimed under it may run.

The deadline counts from the moment before a heartbeat was sent, on a clock that goes on while the machine sleeps. It
passes before the server's lease does, and then everything that runs under the token is killed.
"""

from __future__ import annotations

import secrets

from foliot.common.clock import Clock

MARGIN = 1 / 6
"""Part of the lease by which the deadline lies before the server's (5 s of 30 s): the time in which this worker notices
and kills, so that no attempt runs here when the rescue starts it elsewhere."""


class Lease:
    """The token `claim` and its `deadline`, by the clock's elapsed(); 0.0 before the first heartbeat under the token.

    `seconds`: the length of the lease.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self.seconds = seconds
        self.claim = 0
        self.deadline = 0.0
        self.renew_token()

    def renew_token(self) -> None:
        """Take a new claim token: everything that ran under the former one is void."""
        self.claim = secrets.randbits(62) + 1
        self.deadline = 0.0

    def extend(self, sent_at: float) -> None:
        """The server took a heartbeat that was sent at `sent_at`, by the clock's elapsed()."""
        self.deadline = max(self.deadline, sent_at + self.seconds * (1 - MARGIN))

    @property
    def left(self) -> float:
        """Seconds until the deadline; negative when it has passed."""
        return self.deadline - self._clock.elapsed()

    @property
    def holds(self) -> bool:
        return self.left > 0
