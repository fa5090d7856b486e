"""The delay by jitter: fixed by job and tick, even over its range."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from foliot.scheduler.jitter import jitter_delay


class TestJitter:
    TICK = datetime(2026, 1, 1, tzinfo=UTC)

    def test_stays_the_same_from_release_to_release(self) -> None:
        assert jitter_delay("42", self.TICK, 60) == timedelta(microseconds=35_135_901)

    def test_depends_on_the_instant_and_not_on_its_zone(self) -> None:
        assert jitter_delay("42", self.TICK, 60) == jitter_delay("42", self.TICK.astimezone(ZoneInfo("Asia/Tokyo")), 60)
        assert jitter_delay("42", self.TICK, 60) != jitter_delay("42", self.TICK + timedelta(microseconds=1), 60)
        assert jitter_delay("42", self.TICK, 60) != jitter_delay("43", self.TICK, 60)

    def test_none(self) -> None:
        assert jitter_delay("42", self.TICK, 0) == timedelta(0)

    def test_fills_its_range_evenly(self) -> None:
        delays = [jitter_delay(str(n), self.TICK, 10).total_seconds() for n in range(2000)]
        assert all(0 <= delay <= 10 for delay in delays)
        assert all(150 < sum(n <= delay < n + 1 for delay in delays) < 250 for n in range(10))
