"""Shares of a data source's connections, step by step."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from foliot.worker.executors.sql.shares import Shares


class Holder:
    """A job of a tenant that waits for a slot, or holds one until it is told to end."""

    def __init__(self, shares: Shares, tenant: str) -> None:
        self.holds = False
        self._shares, self._tenant, self._end = shares, tenant, asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with self._shares.slot(self._tenant):
            self.holds = True
            await self._end.wait()

    async def end(self) -> None:
        self._end.set()
        await self.task
        await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def holders(shares: Shares, tenant: str, count: int) -> list[Holder]:
    found = [Holder(shares, tenant) for _ in range(count)]
    await settled()
    return found


def holding(found: list[Holder]) -> int:
    return sum(holder.holds and not holder.task.done() for holder in found)


async def test_one_tenant_alone_leaves_one() -> None:
    shares = Shares(10)
    many = await holders(shares, "a", 20)
    assert holding(many) == 9
    (other,) = await holders(shares, "b", 1)
    assert other.holds
    await cancel(*many, other)


async def test_a_freed_slot_goes_to_the_tenant_that_holds_the_fewest() -> None:
    shares = Shares(4)
    many = await holders(shares, "a", 10)
    first = await holders(shares, "b", 2)
    assert (holding(many), holding(first)) == (3, 1)
    await many[0].end()
    assert (holding(many), holding(first)) == (2, 2)
    await many[1].end()  # equal shares are kept: the next of `a` follows, not the first come of another
    (third,) = await holders(shares, "c", 1)
    assert (holding(many), holding(first)) == (2, 2)
    await first[0].end()
    assert third.holds
    await cancel(*many, *first, third)


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_few_connections_serve_everybody(count: int) -> None:
    shares = Shares(count)
    found = [*await holders(shares, "a", 5), *await holders(shares, "b", 5)]
    served = 0
    while running := [holder for holder in found if holder.holds and not holder.task.done()]:
        assert len(running) <= count
        await running[0].end()
        served += 1
    assert served == 10


async def test_a_cancelled_wait_takes_nothing() -> None:
    shares = Shares(1)
    (first,) = await holders(shares, "a", 1)
    (second, third) = await holders(shares, "b", 2)
    second.task.cancel()
    await settled()
    await first.end()
    assert third.holds
    await third.end()
    async with AsyncExitStack() as stack:  # the slot is back
        await stack.enter_async_context(shares.slot("c"))


async def test_a_cancel_that_comes_with_the_slot_gives_it_back() -> None:
    shares = Shares(1)
    (first,) = await holders(shares, "a", 1)
    (second,) = await holders(shares, "b", 1)
    first._end.set()
    await asyncio.wait([first.task])
    second.task.cancel()
    await settled()
    assert second.task.cancelled()
    async with asyncio.timeout(1), shares.slot("c"):
        pass


async def cancel(*found: Holder) -> None:
    for holder in found:
        holder.task.cancel()
    await asyncio.wait([holder.task for holder in found])
