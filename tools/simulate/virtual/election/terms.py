"""The row of the leader in PostgreSQL, and the unit of work of schedulers over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from foliot.common.errors import Fenced
from simulate.virtual.postgres import Connection


@dataclass
class LeaderRow:
    """The term, and whose it is. `on_taken` is told of each new one: scheduler, term, czxid."""

    on_taken: Callable[[str, int, int], None]
    term: int = 0
    czxid: int = 0
    ensemble_id: str = ""
    holder: str = ""

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

    async def beat_scheduler(self, _scheduler_id: str) -> None:
        await self._connection.statement(lambda: None)

    async def forget_silent_schedulers(self) -> None:
        await self._connection.statement(lambda: None)
