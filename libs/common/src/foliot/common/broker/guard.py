"""Around every await of aiormq.

aiormq does not reconnect, cancels callbacks when a channel dies and raises CancelledError at tasks that nobody
cancelled. Only this package calls it, each await goes through `guard`, and a link is thrown away on any doubt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import aiormq

from foliot.common.bounded import done_within

_Result = TypeVar("_Result")


class Down(Exception):
    """The link is gone or silent; what was under way has an unknown outcome."""


class Silent(Down):
    """An open link that did not answer in time."""


class Rejected(Exception):
    """The broker said no: returned (no such queue) or refused."""


async def guard(awaitable: Awaitable[_Result], timeout: float) -> _Result:
    """The result of an aiormq call, or Down or Rejected: never a cancellation that nobody asked for, never for ever."""
    call = await done_within(awaitable, timeout)
    if call is None:
        raise Silent(f"no answer within {timeout} s")
    if call.cancelled():
        raise Down("the link went away")
    error = call.exception()
    if error is None:
        return call.result()
    if isinstance(error, aiormq.exceptions.PublishError | aiormq.exceptions.DeliveryError):
        raise Rejected(repr(error)) from error
    if isinstance(error, Exception | asyncio.CancelledError):  # a dying link raises anything, EOFError among it
        raise Down(repr(error)) from error
    raise error
