"""An await of a library that may cancel on its own, or never answer."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from foliot.common.bounded import done_within

LONG = 60.0


async def test_the_result_of_a_call() -> None:
    async def answer() -> int:
        return 7

    call = await done_within(answer(), LONG)
    assert call is not None
    assert call.result() == 7


async def test_an_error_is_given_not_raised() -> None:
    async def fail() -> None:
        raise ValueError("no")

    call = await done_within(fail(), LONG)
    assert call is not None
    assert isinstance(call.exception(), ValueError)


async def test_a_cancellation_by_the_library_is_given_not_raised() -> None:
    async def cancel_itself() -> None:
        raise asyncio.CancelledError

    call = await done_within(cancel_itself(), LONG)
    assert call is not None
    assert call.cancelled()


async def test_silence_is_none_and_cancels_the_call() -> None:
    silent = asyncio.get_running_loop().create_future()
    assert await done_within(silent, 0.001) is None
    assert silent.cancelled()


async def test_our_own_cancellation_cancels_the_call_and_goes_on() -> None:
    silent = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(done_within(silent, LONG))
    await asyncio.sleep(0)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    assert waiting.cancelled()
    assert silent.cancelled()


async def test_an_answer_after_our_cancellation_is_nobody_s() -> None:
    """The caller that was cancelled must not go on as if it had an answer."""
    future = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(done_within(future, LONG))
    await asyncio.sleep(0)
    future.set_result(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
