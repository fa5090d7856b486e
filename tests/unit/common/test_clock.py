"""Waits for the first of several things, and the one form of a time."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest

from foliot.common.clock import SystemClock, first_of, rfc3339
from support.clocks import ManualClock


class Wait:
    """A wait that notes how it ended."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.end = "never begun"

    async def __call__(self) -> None:
        self.end = "open"
        try:
            await self.event.wait()
            self.end = "done"
        except asyncio.CancelledError:
            self.end = "cancelled"
            raise


async def test_the_first_one_ends_the_wait_and_the_others() -> None:
    first, second = Wait(), Wait()
    first.event.set()
    await first_of(SystemClock(), first(), second())
    assert (first.end, second.end) == ("done", "cancelled")


async def test_a_future_stays_as_it_is() -> None:
    future, first = asyncio.get_running_loop().create_future(), Wait()
    first.event.set()
    await first_of(SystemClock(), future, first())
    assert not future.done()


async def test_a_done_future_ends_the_wait() -> None:
    future, other = asyncio.get_running_loop().create_future(), Wait()
    future.set_exception(ValueError("of its owner"))
    await first_of(SystemClock(), future, other())
    assert other.end == "cancelled"
    with pytest.raises(ValueError, match="of its owner"):
        await future


async def test_the_timeout_is_by_the_clock_that_was_given() -> None:
    clock, wait = ManualClock(), Wait()
    before = clock.elapsed()
    await first_of(clock, wait(), timeout=3600)
    assert clock.elapsed() - before == 3600
    assert wait.end == "cancelled"


async def test_without_a_timeout_the_clock_is_not_asked() -> None:
    clock, first = ManualClock(), Wait()
    first.event.set()
    before = clock.elapsed()
    await first_of(clock, first())
    assert clock.elapsed() == before


async def test_a_cancelled_wait_leaves_nothing_open() -> None:
    wait = Wait()
    waiting = asyncio.create_task(first_of(SystemClock(), wait()))
    while wait.end != "open":
        await asyncio.sleep(0)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    assert wait.end == "cancelled"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC), "2026-03-04T05:06:07.000000Z"),
        (datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC), "2026-03-04T05:06:07.000008Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
        (datetime(2026, 3, 4, 1, tzinfo=timezone(timedelta(hours=3))), "2026-03-03T22:00:00.000000Z"),
    ],
)
def test_a_time_has_one_form(moment: datetime, text: str) -> None:
    assert rfc3339(moment) == text
