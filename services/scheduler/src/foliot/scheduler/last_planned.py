"""Last planned: when some scheduler last planned, as the heartbeats of all schedulers in PostgreSQL tell it.

ZooKeeper says who may lead. Only this says that somebody does: a node that is not a scheduler's, or a leader that
hangs, is a leader to ZooKeeper.
"""

from __future__ import annotations

import structlog

from foliot.common.clock import Clock
from foliot.scheduler import events, metrics

SESSIONS_WITHOUT_PLAN = 3
"""Session timeouts without any plan after which schedulers are not ready: a failover takes one and a moment."""
_log = structlog.get_logger()


class LastPlanned:
    """The last moment at which a scheduler planned. A new process gives the others the time of a failover."""

    def __init__(self, clock: Clock, session_seconds: float) -> None:
        self._clock = clock
        self._longest = SESSIONS_WITHOUT_PLAN * session_seconds
        self._at = clock.elapsed()
        self._reported = False
        metrics.UNPLANNED.set_function(lambda: self.idle)

    @property
    def idle(self) -> float:
        """Seconds since then."""
        return max(0.0, self._clock.elapsed() - self._at)

    def note(self, planned_ago: float | None) -> None:
        """A scheduler planned so many seconds ago (None: PostgreSQL knows of no plan). Logs that nobody plans."""
        if planned_ago is not None:
            self._at = max(self._at, self._clock.elapsed() - max(0.0, planned_ago))
        missing = self.idle > self._longest
        if missing and not self._reported:
            _log.error(events.NOTHING_PLANNED, seconds=round(self.idle, 1))
        self._reported = missing

    def why_not_ready(self) -> str | None:
        """The reason why no scheduler of this cluster is ready, None if one plans."""
        return f"no scheduler has planned for {self.idle:.0f} s" if self.idle > self._longest else None
