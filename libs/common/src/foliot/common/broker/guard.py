"""The guard around every await of aiormq, and the errors that it raises.

aiormq does not reconnect, cancels callbacks when a channel dies and raises CancelledError in tasks that nobody
cancelled. So only this package calls it, each await goes through `guard`, and a link is thrown away on any doubt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import aiormq

from foliot.common.bounded import done_within
from foliot.common.errors import FoliotError

_Result = TypeVar("_Result")


class Down(FoliotError):
    """The link is gone or silent: the outcome of the call is unknown."""

    code = "broker_down"


class Silent(Down):
    """An open link that did not answer in time."""


class Rejected(FoliotError):
    """The broker returned the message (no such queue) or refused the call."""

    code = "broker_rejected"


async def guard(awaitable: Awaitable[_Result], timeout: float) -> _Result:
    """The result of an aiormq call within `timeout` seconds. Raises Down or Rejected, never aiormq's CancelledError."""
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
    if isinstance(error, Exception | asyncio.CancelledError):  # a dying link raises anything, even EOFError
        raise Down(repr(error)) from error
    raise error
