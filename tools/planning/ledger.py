"""The ledger as a story looks at it: all executions, read once after each change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import asyncpg

from planning.model import Life
from planning.world import World


class Ledger:
    """All executions in order. `forget` after what may have changed them: the next look reads them again."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._read: list[asyncpg.Record] | None = None

    def forget(self) -> None:
        self._read = None

    def rows(self, of: Callable[[asyncpg.Record], bool] = lambda row: True) -> list[asyncpg.Record]:
        if self._read is None:
            query = "SELECT * FROM executions ORDER BY scheduled_time, attempt_number"
            self._read = self._world.run(self._world.rows(query))
        return [row for row in self._read if of(row)]

    def open(self, job_id: int) -> list[asyncpg.Record]:
        return self.rows(lambda row: row["job_id"] == job_id and row["end_time"] is None)

    def ids(self) -> set[int]:
        return {row["execution_id"] for row in self.rows()}

    def covered(self, job_id: int, life: Life) -> tuple[list[datetime], set[datetime]]:
        """(the ticks of the job that have a row, those of them that ran)."""
        rows = self.rows(lambda row: row["job_id"] == job_id and row["trigger"] == "schedule")
        ticks = [tick for row in rows for tick in self.ticks_of(life, row)]
        return sorted(ticks), {row["scheduled_time"] for row in rows if row["status"] != "SKIPPED"}

    def ticks_of(self, life: Life, row: asyncpg.Record) -> list[datetime]:
        """One row covers one tick, or a range of more than a hundred that were skipped."""
        if row["skipped_until"] is None:
            return [row["scheduled_time"]]
        among = [
            tick
            for period in life.periods
            for tick in period.rules.ticks(period.begin, period.end or self._world.now)
            if not period.paused and row["scheduled_time"] <= tick <= row["skipped_until"]
        ]
        assert len(among) == row["skipped_count"] > 100
        assert (among[0], among[-1]) == (row["scheduled_time"], row["skipped_until"])
        return among
