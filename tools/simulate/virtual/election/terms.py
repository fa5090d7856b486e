"""The row of the leader in PostgreSQL, and the unit of work of schedulers over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from foliot.common.errors import Fenced
from foliot.common.ledger.terms import Beat
from simulate.virtual.clock import VirtualClock
from simulate.virtual.postgres import Connection


@dataclass
class LeaderRow:
    """The term, and whose it is. `on_taken` is told of each new one: scheduler, term, czxid. `planned`: when the clock
    showed the last plan of each scheduler."""

    on_taken: Callable[[str, int, int], None]
    clock: VirtualClock
    term: int = 0
    czxid: int = 0
    ensemble_id: str = ""
    holder: str = ""
    planned: dict[str, float] = field(default_factory=dict)

    def save(self) -> Any:
        return dict(vars(self))

    def restore(self, saved: Any) -> None:
        vars(self).update(saved)

    def take(self, scheduler_id: str, czxid: int, ensemble_id: str) -> int | None:
        if ensemble_id == self.ensemble_id and czxid <= self.czxid:
            return None
        self.term, self.czxid = self.term + 1, czxid
        self.ensemble_id, self.holder = ensemble_id, scheduler_id
        self.on_taken(scheduler_id, self.term, czxid)
        return self.term

    def beat(self, scheduler_id: str, planned_ago: float | None) -> Beat:
        now = self.clock.elapsed()
        if planned_ago is not None:
            self.planned = {**self.planned, scheduler_id: now - planned_ago}
        latest = max((at for at in self.planned.values() if at <= now), default=None)
        return Beat(self.clock.now(), None if latest is None else now - latest)

    def forget(self, scheduler_id: str) -> None:
        self.planned = {known: at for known, at in self.planned.items() if known != scheduler_id}

    def hold(self, term: int) -> None:
        if term != self.term:
            raise Fenced(f"term {term} has passed")


class Unit:
    """The statements of an election and of presence."""

    def __init__(self, connection: Connection, row: LeaderRow) -> None:
        self._connection = connection
        self._row = row
        self.terms = self

    async def take_term(self, scheduler_id: str, czxid: int, ensemble_id: str) -> int | None:
        return await self._connection.statement(lambda: self._row.take(scheduler_id, czxid, ensemble_id))

    async def hold_term(self, term: int) -> None:
        await self._connection.statement(lambda: self._row.hold(term))

    async def beat_scheduler(self, scheduler_id: str, planned_ago: float | None) -> Beat:
        return await self._connection.statement(lambda: self._row.beat(scheduler_id, planned_ago))

    async def forget_scheduler(self, scheduler_id: str) -> None:
        await self._connection.statement(lambda: self._row.forget(scheduler_id))

    async def forget_silent_schedulers(self) -> None:
        await self._connection.statement(lambda: None)
