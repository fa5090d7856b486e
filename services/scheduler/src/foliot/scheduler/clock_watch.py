"""Clock watch: a jump of PostgreSQL's clock, seen against the clock of this machine that never jumps.

PostgreSQL's clock alone decides what is due. A jump forward is a gap; after a jump back nothing is due until the clock
has caught up. Neither can be told from the ledger afterwards, so it is counted and logged.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from foliot.scheduler import events, metrics

SMALLEST_JUMP = 1.0
"""Seconds: NTP corrects less than a millisecond a second without a jump, and steps what is off by more."""
_log = structlog.get_logger()


class ClockWatch:
    """Compares two readings of PostgreSQL's clock with the time that passed between them."""

    def __init__(self) -> None:
        self._last: tuple[datetime, float, float] | None = None

    def note(self, now: datetime, asked_at: float, answered_at: float) -> float:
        """Seconds of the jump since the last reading, 0 if there was none; negative: back.

        `now`: PostgreSQL's clock, read between `asked_at` and `answered_at` (elapsed seconds of this machine). The time
        of both questions is doubt, and no jump.
        """
        last, self._last = self._last, (now, asked_at, answered_at)
        if last is None:
            return 0.0
        was, was_asked_at, was_answered_at = last
        passed = (now - was) / timedelta(seconds=1)
        least, most = asked_at - was_answered_at, answered_at - was_asked_at
        jump = min(0.0, passed - least) + max(0.0, passed - most)
        if abs(jump) < SMALLEST_JUMP:
            return 0.0
        metrics.CLOCK_JUMPS.labels("forward" if jump > 0 else "back").inc(abs(jump))
        _log.error(events.CLOCK_JUMPED, seconds=round(jump, 3))
        return jump
