"""The connections of one role, opened once for all stories. The free one that was opened first is taken: the same story
takes the same connections."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from foliot.common.ledger.postgres import _use_codecs

COUNT = 16
"""More than a story of one role has transactions at once."""


class Connections:
    def __init__(self, url: str) -> None:
        self._url = url
        self._all: list[asyncpg.Connection[asyncpg.Record]] = []
        self._taken: set[int] = set()
        self.pids: set[int] = set()

    async def open(self, stack: contextlib.AsyncExitStack) -> None:
        settings = {"timezone": "UTC", "plan_cache_mode": "force_generic_plan"}  # no plan depends on earlier stories
        for _ in range(COUNT):
            connection = await asyncpg.connect(self._url, server_settings=settings)
            await _use_codecs(connection)
            self._all.append(connection)
            self.pids.add(connection.get_server_pid())
            stack.push_async_callback(connection.close)

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[Any]:
        place = next(n for n in range(COUNT) if n not in self._taken)
        self._taken.add(place)
        try:
            yield self._all[place]
        finally:
            self._taken.discard(place)
