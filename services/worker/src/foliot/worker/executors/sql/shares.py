"""Shares: how the tenants of a data source share its few connections, so that none of them keeps the others waiting."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator


class Shares:
    """A number of slots. A free one goes to the waiting tenant that holds the fewest, the first come among equals.

    The last free slot is for tenants that hold less than half: a tenant that comes finds one, however many jobs another
    has. So one tenant alone gets all slots but one.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._half = max(1, count // 2)
        self._held: Counter[str] = Counter()
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []

    @contextlib.asynccontextmanager
    async def slot(self, tenant: str) -> AsyncIterator[None]:
        """Wait for a slot, and hold it in the body."""
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((tenant, granted))
        self._grant()
        try:
            await granted
            yield
        finally:
            if granted.done() and not granted.cancelled():
                self._free += 1
                self._held[tenant] -= 1
                self._held += Counter()  # drops those that hold none
            else:
                self._waiting.remove((tenant, granted))
            self._grant()

    def _grant(self) -> None:
        while self._free:
            may = [entry for entry in self._waiting if not entry[1].done() and self._may(entry[0])]
            if not may:
                return
            tenant, granted = entry = min(may, key=lambda entry: self._held[entry[0]])
            self._waiting.remove(entry)
            self._free -= 1
            self._held[tenant] += 1
            granted.set_result(None)

    def _may(self, tenant: str) -> bool:
        return self._free > 1 or self._held[tenant] < self._half
