"""Evidence: the history of the rows and the effects of the processes, read after each round and indexed."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import msgspec

from simulate.statements.effects import Effects, Said
from simulate.statements.history import Change, read_history
from simulate.statements.world import World


class Attempt(msgspec.Struct, kw_only=True):
    """An execution's row over time."""

    first: dict[str, Any]
    last: dict[str, Any]
    changes: list[Change]
    end: int | None = None
    """`seq` of the change that ended it."""


class Evidence:
    """`changes` and `said`: what came since the last look."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._seen = 0
        self._heard = 0
        self.effects = effects
        self.changes: list[Change] = []
        self.said: list[Said] = []
        self.attempts: dict[int, Attempt] = {}
        self.floors: list[Change] = []
        self.jobs: defaultdict[int, list[Change]] = defaultdict(list)

    async def read(self) -> None:
        self.changes = await read_history(self._world.sql, self._seen)
        self._seen = self.changes[-1].seq if self.changes else self._seen
        self.said, self._heard = self.effects.said[self._heard :], len(self.effects.said)
        for change in self.changes:
            if change.what == "floor":
                self.floors.append(change)
            elif change.what == "job":
                self.jobs[_row(change)["job_id"]].append(change)
            elif change.now is not None:
                self._keep(change, change.now)

    def _keep(self, change: Change, now: dict[str, Any]) -> None:
        attempt = self.attempts.get(now["execution_id"])
        if attempt is None:
            attempt = self.attempts[now["execution_id"]] = Attempt(first=now, last=now, changes=[])
        attempt.changes.append(change)
        attempt.last = now
        if attempt.end is None and now["end_time"] is not None:
            attempt.end = change.seq

    def floor(self, seq: int) -> datetime:
        """The floor of history at a change: no tick before it is planned."""
        floors = [change.now["floor"] for change in self.floors if change.seq < seq and change.now]
        return datetime.fromisoformat(floors[-1]) if floors else datetime.min.replace(tzinfo=UTC)

    def service(self, pid: int) -> str:
        """The service whose connection made a change; `simulation` for its own."""
        return next((role for role, all in self._world.connections.items() if pid in all.pids), "simulation")

    def of_job(self, job_id: int) -> list[Attempt]:
        return [attempt for attempt in self.attempts.values() if attempt.first["job_id"] == job_id]

    async def rows(self, query: str, *args: object) -> list[Any]:
        return await self._world.rows(query, *args)


def _row(change: Change) -> dict[str, Any]:
    row = change.now or change.was
    assert row is not None
    return row
