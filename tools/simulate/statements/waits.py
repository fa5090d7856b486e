"""Waits: which backend of PostgreSQL stands behind which other's lock, seen from a connection of the simulation's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import asyncpg


class Waits:
    def __init__(self, sql: asyncpg.Connection[asyncpg.Record]) -> None:
        self._sql = sql

    async def behind(self, pids: Sequence[int]) -> dict[int, list[int]]:
        """pid -> the backends it waits for. Asked twice: a lock counts only if both answers are the same, because a
        waiter shows as waiting for an instant after its lock is free."""
        first = await self._ask(pids)
        if not all(first.get(pid) for pid in pids):
            return {}
        second = await self._ask(pids)
        return second if first == second else {}

    async def _ask(self, pids: Sequence[int]) -> dict[int, list[int]]:
        rows = await self._sql.fetch("SELECT pid, pg_blocking_pids(pid) FROM unnest($1::int[]) AS pid", list(pids))
        return {row[0]: sorted(row[1]) for row in rows}

    def circle(self, behind: Mapping[int, Sequence[int]]) -> list[int]:
        """The backends that wait for each other in a circle; empty if there is none."""

        def search(path: list[int]) -> list[int]:
            for pid in behind.get(path[-1], ()):
                if pid in path:
                    return path[path.index(pid) :]
                if pid in behind and (found := search([*path, pid])):
                    return found
            return []

        for start in sorted(behind):
            if found := search([start]):
                return found
        return []

    async def end(self, pid: int) -> None:
        """End the statement of a backend, as PostgreSQL ends a deadlock's victim."""
        await self._sql.execute("SELECT pg_cancel_backend($1)", pid)
